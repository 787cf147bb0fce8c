import pytest

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate.phrasing import library, phrasing_for
from tooltune.generate.pools import is_kind

KINDS = ("requests", "several", "clauses", "missing")


@pytest.mark.parametrize("tool", EXAMPLE_TOOLS, ids=lambda tool: tool.name)
def test_the_wording_of_an_example_tool_is_complete(tool):
    phrasing = phrasing_for(tool)
    required = {p.name for p in tool.parameters if p.required}
    names = {p.name for p in tool.parameters}
    assert len(phrasing.requests.train) + len(phrasing.requests.held_out) >= 14
    assert len(phrasing.requests.held_out) >= 4
    for kind in KINDS:
        for frame in (*getattr(phrasing, kind).train, *getattr(phrasing, kind).held_out):
            assert frame.template.keys() <= names, frame.family
            said = {gap.key for gap in frame.template.required()}
            if kind == "missing":
                assert not required <= frame.template.keys(), frame.family
            else:
                assert required <= said, frame.family
    assert set(phrasing.ask) >= required - {"state"}
    assert set(phrasing.nouns) == required


@pytest.mark.parametrize("tool", EXAMPLE_TOOLS, ids=lambda tool: tool.name)
def test_every_optional_argument_is_asked_for_in_both_parts_or_none(tool):
    phrasing = phrasing_for(tool)
    optional = {p.name for p in tool.parameters if not p.required}
    for part in (phrasing.requests.train, phrasing.requests.held_out):
        assert optional <= frozenset().union(*(frame.template.keys() for frame in part)) | {"brightness"}


def test_the_library_is_large_enough_and_names_only_known_kinds():
    splits = library().splits
    assert len(splits["no_tool"].train) + len(splits["no_tool"].held_out) >= 60
    assert len(splits["chat"].train) + len(splits["chat"].held_out) >= 40
    for name in ("no_tool", "chat"):
        for frame in (*splits[name].train, *splits[name].held_out):
            assert all(is_kind(key) for key in sorted(frame.template.keys())), frame.family
            assert frame.reply


def test_there_are_chains_whose_links_exist():
    tools = {tool.name: tool for tool in EXAMPLE_TOOLS}
    assert len(library().chains) >= 4
    for chain in library().chains:
        second = {p.name: p for p in tools[chain.second].parameters}
        assert chain.link.keys() <= second.keys()
        for frame in (*chain.frames.train, *chain.frames.held_out):
            said = {key[2:] for key in sorted(frame.template.keys()) if key.startswith("2.")}
            assert {n for n, p in second.items() if p.required} <= said | chain.link.keys(), frame.family


def test_no_wording_stands_in_both_parts():
    for tool in EXAMPLE_TOOLS:
        for kind in KINDS:
            split = getattr(phrasing_for(tool), kind)
            assert not {f.template for f in split.train} & {f.template for f in split.held_out}, (
                tool.name,
                kind,
            )
