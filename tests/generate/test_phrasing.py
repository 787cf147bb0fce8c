import pytest

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate.phrasing import library, phrasing_for
from tooltune.generate.phrasing.generic import command, request
from tooltune.generate.pools import is_kind
from tooltune.types import Tool, ToolParameter

P = ToolParameter
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


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("get_user", "Returns the profile of a user.", "get the profile of a user"),
        ("x", "Searches books by title or author. Fast.", "search books"),
        ("list_servers", "", "list the servers"),
        ("get_time", "A tool that tells the time", "get the time"),
        ("x", "Pushes a commit (to a branch)", "push a commit"),
        ("x", "Copies a file", "copy a file"),
    ],
)
def test_a_description_becomes_a_command(name, description, expected):
    assert command(Tool(name, description)) == expected


@pytest.mark.parametrize(
    ("description", "parameters", "expected"),
    [
        ("Get the time in a city", [P("city", required=True)], "get the time in {city}"),
        ("Cancel an order", [P("order_id", required=True)], "cancel order {order_id}"),
        ("Get a user's profile", [P("userId", required=True)], "get user {userId}'s profile"),
        ("Set the volume", [P("volume", type="integer", required=True)], "set the volume to {volume}"),
        ("Translate text", [P("text", required=True)], 'translate "{text}"'),
        (
            "Search books",
            [P("query", required=True), P("limit", type="integer"), P("include_old", type="boolean")],
            'search books with query "{query}"[, limit {limit}][, include old{include_old=true}]',
        ),
        ("List files", [P("limit", type="integer")], "list files[ (limit {limit})]"),
    ],
)
def test_arguments_find_their_place(description, parameters, expected):
    assert request(Tool("do_it", description, parameters)) == expected


def test_an_argument_can_be_left_out_or_take_several_values():
    tool = Tool("get_time", "Get the time in a city", [P("city", required=True)])
    assert request(tool, without="city") == "get the time"
    assert request(tool, varied="city") == "get the time in {city+}"
