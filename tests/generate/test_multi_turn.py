from collections import Counter

import pytest

from tests.generate.test_long_chain import SHOP, calls
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import SHARES, generate_examples
from tooltune.generate.world import World
from tooltune.types import Tool, ToolParameter
from tooltune.verify import check_example, verify_example

ONLY = dict.fromkeys(SHARES, 0) | {"multi_turn": 1}


@pytest.fixture(scope="module", params=[EXAMPLE_TOOLS, SHOP], ids=["example tools", "foreign tools"])
def examples(request):
    return list(generate_examples(request.param, 120, 3, shares=ONLY))


def turns(example):
    return [message.content for message in example.messages if message.role == "user"]


def test_there_are_two_to_six_turns_and_at_least_two_calls(examples):
    counts = Counter(len(turns(example)) for example in examples)
    assert set(counts) <= {2, 3, 4, 5, 6, 7}
    assert {2, 3, 4, 5} <= set(counts)
    assert all(len(calls(example)) > 1 for example in examples)


def test_every_conversation_verifies_and_can_be_trained_on(examples):
    for i, example in enumerate(examples):
        assert verify_example(example, World().execute) is None
        check_example(example, f"example {i}")


def test_every_turn_of_the_user_gets_a_reply(examples):
    for example in examples:
        roles = [message.role for message in example.messages if message.role in ("user", "assistant")]
        assert all(roles[i + 1] == "assistant" for i, role in enumerate(roles) if role == "user")
        assert roles[-1] == "assistant"


def test_follow_ups_change_one_argument_and_keep_the_others(examples):
    changed = 0
    for example in examples:
        for one, other in zip(calls(example), calls(example)[1:], strict=False):
            if one.name == other.name and one.arguments.keys() == other.arguments.keys():
                changed += sum(one.arguments[name] != other.arguments[name] for name in one.arguments) == 1
    assert changed > 20


def test_both_parts_have_their_own_wording():
    made = list(generate_examples(SHOP, 120, 5, held_out_share=0.5, shares=ONLY))
    said = {part: {t for e in made if e.metadata["split"] == part for t in turns(e)} for part in ("train", "held_out")}
    assert not said["train"] & said["held_out"]


ORG, NAME = ToolParameter("org", required=True), ToolParameter("name", "The new name", required=True)
TEAM = [ORG, ToolParameter("team_slug", required=True), NAME]
DELIVERY = [ORG, *(ToolParameter(f"{of}_id", type="integer", required=True) for of in ("hook", "delivery"))]
LINES = [ToolParameter("repo", required=True), ToolParameter("context_lines", "Lines of context", "integer")]


@pytest.mark.parametrize(
    ("name", "description", "parameters", "fixed"),
    [
        ("update_team", "Update a team", TEAM, "team_slug"),  # no two of one name
        ("redeliver_delivery", "Redeliver a delivery for a webhook", DELIVERY, "hook_id"),  # it belongs to one webhook
        ("show_changes", "Show the changes of a repository", LINES, "context_lines"),  # "and 20 lines of context?"
    ],
)
def test_what_nobody_asks_for_next_stays_as_it_is(name, description, parameters, fixed):
    verb = description.split()[0].lower()
    for example in generate_examples([Tool(name, description, parameters)], 60, 7, shares=ONLY):
        said, before = "", None
        for message in example.messages:
            said = message.content if message.role == "user" else said
            before = None if message.content.endswith("?") and message.role == "assistant" else before  # it is told
            for call in message.tool_calls:
                follows = before is not None and before.arguments.keys() == call.arguments.keys()
                follows = follows and verb not in said.lower()
                changed = {n for n, value in call.arguments.items() if follows and before.arguments.get(n) != value}
                assert changed != {fixed}, said
                before = call
