import json
from collections import Counter

import pytest

from tooltune.errors import ConfigError, ToolDefinitionError
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import SHARES, GenerationReport, generate_examples
from tooltune.generate.runner import make_plan
from tooltune.generate.scenarios import shares_for
from tooltune.generate.scene import Catalogue
from tooltune.generate.world import World
from tooltune.types import Tool, ToolParameter
from tooltune.verify import check_example, verify_example

P = ToolParameter
PRICE = {"type": "number", "minimum": 1}
LINE = {"type": "object", "properties": {"item": {"type": "string"}, "price": PRICE}}
LIMIT = P("limit", type="integer", default=10)
USER_TOOLS = [
    Tool("search_books", "Searches books.", [P("query", required=True), LIMIT]),
    Tool("cancelOrder", "Cancel an order", [P("orderId", required=True), P("why", enum=["LATE", "OTHER"])]),
    Tool("create_invoice", "", [
        P("customer", required=True), P("due_date", "Date as YYYY-MM-DD", required=True),
        P("lines", type="array", required=True, items=LINE | {"required": ["item", "price"]}),
    ]),
    Tool("list_servers", "List all servers"),
]  # fmt: skip


def generate(tools=EXAMPLE_TOOLS, count=400, seed=7, **options):
    return list(generate_examples(tools, count, seed, **options))


def dump(examples):
    return "\n".join(json.dumps(example.to_dict()) for example in examples)


@pytest.fixture(scope="module")
def examples():
    return generate(count=1000)


def test_every_example_verifies_and_can_be_trained_on(examples):
    for i, example in enumerate(examples):
        assert verify_example(example, World().execute) is None
        check_example(example, f"example {i}")


def test_the_shares_are_kept(examples):
    reached = Counter(example.metadata["scenario"] for example in examples)
    for scenario, share in shares_for(Catalogue(tuple(EXAMPLE_TOOLS)), {}).items():
        assert abs(reached[scenario] / len(examples) - share) < 0.02, scenario


def test_the_held_out_share_is_exact_and_shares_no_family_with_training(examples):
    families = {"train": set(), "held_out": set()}
    for example in examples:
        families[example.metadata["split"]].update(example.metadata["families"])
    assert sum(example.metadata["split"] == "held_out" for example in examples) == 100
    assert all("held_out" in family for family in families["held_out"])
    assert not any("held_out" in family for family in families["train"])
    assert len(families["train"]) > 300


def test_no_user_text_occurs_in_both_parts(examples):
    texts = {"train": set(), "held_out": set()}
    for example in examples:
        texts[example.metadata["split"]].add(next(m.content for m in example.messages if m.role == "user"))
    assert not texts["train"] & texts["held_out"]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert dump(generate(count=120)) == dump(generate(count=120))
    assert dump(generate(count=120)) != dump(generate(count=120, seed=8))


def test_metadata_keys_are_in_order(examples):
    for example in examples:
        keys = ["scenario", "split", "families"]
        keys += ["missing"] if example.metadata["scenario"] == "missing_argument" else []
        assert list(example.metadata) == keys


def test_a_group_shares_its_tools_byte_for_byte():
    made = generate(count=320, examples_per_tool_set=8)
    for start in range(0, 288, 8):
        assert len({json.dumps(example.to_dict()["tools"]) for example in made[start : start + 8]}) == 1
    assert len({json.dumps(example.to_dict()["tools"]) for example in made}) > 30


def test_tool_sets_have_one_to_six_tools_mostly_three_to_five(examples):
    sizes = Counter(len(example.tools) for example in examples)
    assert set(sizes) == {1, 2, 3, 4, 5, 6}
    assert sum(sizes[n] for n in (3, 4, 5)) > 0.55 * len(examples)


def of(examples, scenario):
    return [example for example in examples if example.metadata["scenario"] == scenario]


def calls(example):
    return [call for message in example.messages for call in message.tool_calls]


def test_the_conversations_have_the_shape_of_their_scenario(examples):
    for example in (*of(examples, "single"), *of(examples, "selection")):
        assert len(calls(example)) == 1
    for example in of(examples, "parallel"):
        assert sum(bool(message.tool_calls) for message in example.messages) == 1
        assert len(calls(example)) in (2, 3, 4)
    for example in of(examples, "chain"):
        assert [len(message.tool_calls) for message in example.messages if message.tool_calls] == [1, 1]
    for example in (*of(examples, "no_tool"), *of(examples, "chat")):
        assert not calls(example)
    for example in of(examples, "tool_error"):
        assert any('"error"' in message.content for message in example.messages if message.role == "tool")


def test_a_missing_argument_is_really_missing_and_asked_for(examples):
    for example in of(examples, "missing_argument"):
        first = next(message for message in example.messages if message.role == "assistant")
        assert first.content.endswith("?")
        assert example.metadata["missing"]
        required = {p.name for tool in example.tools for p in tool.parameters if p.required}
        assert set(example.metadata["missing"]) <= required
        for call in calls(example):
            assert set(example.metadata["missing"]) <= set(call.arguments)


def test_a_parallel_call_takes_one_tool_twice_or_several_tools(examples):
    kinds = {len({call.name for call in calls(example)}) for example in of(examples, "parallel")}
    assert {1, 2} <= kinds


def test_some_calls_have_words_before_them(examples):
    said = [bool(m.content) for example in of(examples, "single") for m in example.messages if m.tool_calls]
    assert 0.05 < sum(said) / len(said) < 0.35


def test_texts_are_clean(examples):
    for example in examples:
        for message in example.messages:
            assert message.content == message.content.strip()
            assert not any(flaw in message.content for flaw in ("  ", " ,", "{", " in in ")) or message.role == "tool"


def test_any_tools_will_do():
    report = GenerationReport()
    made = generate(USER_TOOLS, 300, report=report)
    assert len(made) == 300
    assert {example.metadata["scenario"] for example in made} == set(SHARES) - {"chain", "long_chain"}
    assert report.to_dict()["kept"] == 300
    used = {call.name for example in made for call in calls(example)}
    assert used == {tool.name for tool in USER_TOOLS}


def test_a_single_tool_without_arguments_still_gives_examples():
    made = generate([Tool("list_servers", "List all servers")], 60)
    assert {example.metadata["scenario"] for example in made} == {"single", "no_tool", "chat"}


def test_no_two_examples_are_the_same(examples):
    seen = Counter(json.dumps([m.to_dict() for m in e.messages] + [t.name for t in e.tools]) for e in examples)
    assert max(seen.values()) == 1


def test_the_report_counts_by_scenario_split_and_family():
    report = GenerationReport()
    made = generate(count=200, report=report)
    data = report.to_dict()
    assert data["by_split"] == {"train": 180, "held_out": 20}
    assert data["by_scenario"] == Counter(example.metadata["scenario"] for example in made)
    assert sum(data["shares"].values()) == pytest.approx(1, abs=0.001)
    assert data["families"]["train"] > data["families"]["held_out"] > 0


def test_tools_that_no_example_calls_are_named_with_the_reason():
    old = Tool("old_lookup", "Deprecated. Look up a customer", [ToolParameter("email", "Their email", "string", True)])
    report = GenerationReport()
    made = generate([*USER_TOOLS, old], 200, report=report)
    assert "old_lookup" in {tool.name for example in made for tool in example.tools}
    assert "old_lookup" not in {call.name for example in made for call in calls(example)}
    assert report.to_dict()["never_called"] == {"old_lookup": "no command comes of the description"}
    assert "never called: old_lookup (no command comes of the description)" in report.to_text()


def test_a_tool_that_chance_leaves_out_is_named_as_such():
    report = GenerationReport()
    made = generate(USER_TOOLS, 2, report=report, held_out_share=0.0)
    never = {tool.name for tool in USER_TOOLS} - {call.name for example in made for call in calls(example)}
    assert report.never_called() == dict.fromkeys(never, "")
    assert "(not drawn; more examples may call them)" in report.to_text()


def test_renamed_tools_are_counted_under_their_own_names():
    report = GenerationReport()
    generate(USER_TOOLS, 200, report=report, renamed_share=1.0)
    assert report.never_called() == {}
    assert set(report.called) == {tool.name for tool in USER_TOOLS}


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ConfigError, {"count": 0}),
        (ConfigError, {"held_out_share": 1.0}),
        (ConfigError, {"examples_per_tool_set": 0}),
        (ToolDefinitionError, {"tools": []}),
        (ToolDefinitionError, {"tools": [USER_TOOLS[0], USER_TOOLS[0]]}),
    ],
)
def test_wrong_settings_are_refused_at_once(error, arguments):
    options = {"count": 10, **arguments}
    with pytest.raises(error):
        generate_examples(options.pop("tools", EXAMPLE_TOOLS), options.pop("count"), 1, **options)


def test_more_examples_than_the_tools_allow_say_so():
    with pytest.raises(ToolDefinitionError, match="fewer examples"):
        generate([Tool("list_servers", "List all servers")], 5_000)


def test_where_a_tool_allows_nothing_new_others_take_its_place():
    light = Tool("switch_light", "Switch the light.", [P("state", enum=["on", "off"], required=True)])
    book = Tool("search_books", "Searches books.", [P("query", required=True)])
    shares = {name: float(name == "single") for name in SHARES}
    plan = make_plan([light, book], 12, 1, held_out_share=0, max_tools_in_view=1, shares=shares)
    used_up = 2 * 40  # tries with its own tools
    first, instead = ([plan.candidate(i, start).content for i in range(12)] for start in (0, used_up))
    assert all(verify_example(example) is None for example in instead)
    assert {example.metadata["scenario"] for example in instead} == {"single"}
    assert any(a.tools != b.tools for a, b in zip(first, instead, strict=True))
    alone = make_plan([light], 12, 1, held_out_share=0, max_tools_in_view=1, shares=shares)
    with pytest.raises(ToolDefinitionError, match="switch_light"):
        alone.candidate(0, used_up + 20 * 40)


def test_tools_that_no_valid_call_can_be_made_for_say_so():
    impossible = P("x", required=True, extra={"not": {"type": "string"}})
    with pytest.raises(ToolDefinitionError, match="schema"):
        generate([Tool("do_it", "Do it", [impossible])], 20)


@pytest.mark.parametrize("limit", [1, 3])
def test_fewer_tools_in_view_when_asked(limit):
    sizes = [len(e.tools) for e in generate_examples(EXAMPLE_TOOLS, 80, 3, max_tools_in_view=limit)]
    wide = [len(e.tools) for e in generate_examples(EXAMPLE_TOOLS, 80, 3)]
    assert max(sizes) <= limit + 2
    assert sum(sizes) < sum(wide)


def test_examples_that_end_with_their_call_are_the_whole_ones_cut():
    whole, cut = generate(count=200), generate(count=200, answered_share=0.0)
    for one, other in zip(whole, cut, strict=True):
        calls = [i for i, message in enumerate(one.messages) if message.tool_calls]
        if one.metadata["split"] == "held_out" or not calls:
            assert other == one
        else:
            assert other.messages == one.messages[: calls[-1] + 1]
            assert other.metadata["ends"] == "call"
            assert verify_example(other, World().execute) is None
    assert sum(e.metadata.get("ends") == "call" for e in generate(count=200, answered_share=0.5)) < 120
