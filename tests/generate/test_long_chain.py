import json
from collections import Counter

import pytest

from tooltune.generate import SHARES, generate_examples
from tooltune.generate.world import World
from tooltune.types import Tool, ToolParameter
from tooltune.verify import verify_example

P = ToolParameter
ID = P("order_id", "Id of the order", required=True)
SHOP = [
    Tool("create_order", "Create an order.", [P("product", required=True), P("quantity", type="integer")]),
    Tool("list_orders", "List all orders of a customer.", [P("customer", required=True)]),
    Tool("get_order", "Get the details of an order.", [ID]),
    Tool("update_order", "Change the quantity of an order.", [ID, P("quantity", type="integer", required=True)]),
    Tool("cancel_order", "Cancel an order.", [ID]),
    Tool("add_note", "Add a note to an order.", [ID, P("note", required=True)]),
]


@pytest.fixture(scope="module")
def examples():
    shares = dict.fromkeys(SHARES, 0) | {"long_chain": 1}
    return list(generate_examples(SHOP, 150, 3, shares=shares))


def calls(example):
    return [call for message in example.messages for call in message.tool_calls]


def test_chains_have_two_to_five_calls_one_after_the_other(examples):
    lengths = Counter(len(calls(example)) for example in examples)
    assert set(lengths) == {2, 3, 4, 5}
    assert all(len(message.tool_calls) < 2 for example in examples for message in example.messages)


def test_the_user_says_it_all_in_one_message_and_no_id(examples):
    for example in examples:
        (said,) = (message.content for message in example.messages if message.role == "user")
        given = [call.arguments["order_id"] for call in calls(example) if "order_id" in call.arguments]
        assert given
        assert not any(order in said for order in given)


def test_later_arguments_stand_in_earlier_results(examples):
    for example in examples:
        seen = ""
        for message in example.messages:
            for call in message.tool_calls:
                assert str(call.arguments.get("order_id", "")) in seen
            seen += message.content if message.role == "tool" else ""


def test_a_replay_gives_the_same_results_and_what_was_cancelled_is_gone(examples):
    cancelled = 0
    for example in examples:
        assert verify_example(example, World().execute) is None
        world = World()
        for call in calls(example):
            world.execute(call, example.tools)
        for call in calls(example):
            if call.name == "cancel_order":
                assert world.records["order", call.arguments["order_id"]] is None
                cancelled += 1
    assert cancelled


def test_nothing_is_used_after_it_was_cancelled(examples):
    for example in examples:
        names = [call.name for call in calls(example)]
        assert "cancel_order" not in names[:-1] or names[names.index("cancel_order") + 1 :] == []
        assert not any("error" in json.loads(m.content) for m in example.messages if m.role == "tool")
