from collections.abc import Sequence

from tooltune import EXAMPLE_TOOLS, Example, Message, Tool, ToolCall
from tooltune.evaluate import Item
from tooltune.evaluate.few_shot import few_shot
from tooltune.evaluate.outputs import Finished, Output
from tooltune.generate import generate_examples

A, B, C = Tool("a"), Tool("b"), Tool("c")


def example(question: str, tools: tuple[Tool, ...], scenario: str, call: str = "", last: str = "Done.") -> Example:
    calls = (ToolCall(call),) if call else ()
    messages = [
        Message("system", "Own."),
        Message("user", question),
        Message("assistant", "" if calls else last, calls),
    ]
    if call and last:
        messages += [Message("tool", "1", name=call), Message("assistant", last)]
    return Example(tuple(messages), tools, {"scenario": scenario})


EXAMPLES = [
    example("other tools", (C,), "single", "c"),
    example("called tool in view", (A, C), "single", "a"),
    example("same tools 1", (B, A), "single", "a"),
    example("same tools 2", (A, B), "single", "b"),
    example("same tools, no call", (A, B), "no_tool"),
    example("stops at its call", (A, B), "single", "a", last=""),
    example("The question ", (A, B), "single", "a"),
]


def ask(item: Item, count: int, examples: list[Example] = EXAMPLES) -> Item:
    """The item as the source sees it."""
    seen: list[Item] = []

    def replies(items: Sequence[Item], finished: Finished) -> None:
        seen.extend(items)
        finished(0, Output("hi"))

    told: list[tuple[int, Output]] = []
    few_shot(replies, examples, count)([item], lambda *output: told.append(output))
    assert told == [(0, Output("hi"))]
    return seen[0]


def questions(item: Item) -> list[str]:
    return [message.content for message in item.messages if message.role == "user"]


ITEM = Item("0", "single", (Message("system", "Be brief."), Message("user", "the question")), (A, B), "call")


def test_same_tools_first_scenarios_in_turns_and_never_the_question_itself() -> None:
    shown = questions(ask(ITEM, 9))
    assert shown[-1] == "the question"
    assert set(shown[:2]) in ({"same tools, no call", "same tools 1"}, {"same tools, no call", "same tools 2"})
    assert shown[3:5] == ["called tool in view", "other tools"]
    assert len(shown) == 6, "neither the question nor what stops at a call is shown"
    assert shown == questions(ask(ITEM, 9, EXAMPLES[::-1])), "the order in the file does not matter"


def test_the_examples_stand_between_system_message_and_question() -> None:
    messages = ask(ITEM, 1).messages
    assert [message.role for message in messages[:2]] == ["system", "user"]
    assert messages[0].content == "Be brief."
    assert messages[-1] == ITEM.messages[-1]
    assert sum(message.role == "system" for message in messages) == 1
    assert ask(ITEM, 0) == ITEM


def test_on_generated_data() -> None:
    examples = list(generate_examples(EXAMPLE_TOOLS, 80, 1))
    for case in examples[:20]:
        before = next(number for number, message in enumerate(case.messages) if message.role == "assistant")
        item = Item("0", "s", case.messages[:before], case.tools, "chat")
        asked = questions(ask(item, 3, examples))
        assert len(asked) >= 4
        assert asked[-1] not in asked[:-1]
