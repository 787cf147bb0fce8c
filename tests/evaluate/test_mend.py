"""What a rule mends in a call is what the conversation says, and nothing else is touched."""

from __future__ import annotations

import pytest

from tooltune.chat import parse_reply, render_reply
from tooltune.evaluate import Item
from tooltune.evaluate.mend import as_said, mended
from tooltune.types import Message, Tool, ToolCall, ToolParameter

MAIL = Tool(
    "mail",
    "Send an e-mail.",
    [
        ToolParameter("to", "Who gets it", "string", required=True),
        ToolParameter("about", "Subject", "string"),
        ToolParameter("folder", "Where to keep it", "string", enum=["Sent", "Drafts"]),
        ToolParameter("urgent", "Whether it is urgent", "boolean"),
    ],
)
ASKED = Message("user", 'Mail Johnsie Whitfield about "Order LW40", please.')


def mend(*arguments: dict[str, object], messages: tuple[Message, ...] = (ASKED,)) -> list[dict[str, object]]:
    item = Item("1", "single", messages, (MAIL,), "call")
    reply = parse_reply(render_reply("", [ToolCall("mail", given) for given in arguments]))
    return [dict(call.arguments) for call in mended(item, reply).calls]


RIGHT = {"to": "Johnsie Whitfield", "about": "Order LW40"}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"to": " Johnsie Whitfield"}, {"to": "Johnsie Whitfield"}),
        ({"to": "John Johnsie Whitfield"}, {"to": "Johnsie Whitfield"}),
        ({"to": "Johnesie Whitfield"}, {"to": "Johnsie Whitfield"}),
        (RIGHT | {"about": "Order W40"}, RIGHT),
        (RIGHT | {"urgent": True}, RIGHT),
        (RIGHT | {"folder": "Drafts"}, RIGHT),
        (RIGHT | {"folder": "Snt"}, RIGHT),
        (RIGHT | {"invented": "yes"}, RIGHT),
        ({"to": "Myrta Delgado"}, {"to": "Myrta Delgado"}),
        (RIGHT, RIGHT),
    ],
    ids=str,
)
def test_what_is_mended(wrong: dict[str, object], right: dict[str, object]) -> None:
    assert mend(wrong) == [right]


def test_the_one_date_of_a_request_is_meant() -> None:
    tool = Tool(
        "fly", "Fly.", [ToolParameter("day", "Day", "string", required=True), ToolParameter("at", "Time", "string")]
    )

    def one(text: str, **arguments: object) -> dict[str, object]:
        item = Item("1", "single", (Message("user", text),), (tool,), "call")
        reply = parse_reply(render_reply("", [ToolCall("fly", arguments)]))
        return dict(mended(item, reply).calls[0].arguments)

    assert one("On the 2nd of January 2027, 7 pm", day="2027-01-20", at="09:00") == {"day": "2027-01-02", "at": "19:00"}
    assert one("On the 2nd of January 2027", day="2027-01-2nd") == {"day": "2027-01-02"}
    assert one("2027-01-02 or 2027-01-03", day="2027-01-20") == {"day": "2027-01-20"}
    assert one("On the 2nd of January 2027", day="Monday") == {"day": "Monday"}


def test_a_call_is_made_once() -> None:
    assert mend(RIGHT, {"to": "Whitfield"}, RIGHT | {"urgent": True}) == [RIGHT, {"to": "Whitfield"}]


def test_what_a_result_says_is_said_and_what_the_assistant_says_is_not() -> None:
    talk = (
        ASKED,
        Message("assistant", "To Jon Whitman?"),
        Message("tool", '{"to": "j.whitfield@example.com"}', name="f"),
    )
    assert mend({"to": "j.whitfeld@example.com"}, messages=talk) == [{"to": "j.whitfield@example.com"}]
    assert mend({"to": "Jon Whitman"}, messages=talk) == [{"to": "Jon Whitman"}]


def test_a_tool_that_is_not_in_view_is_left_alone() -> None:
    item = Item("1", "single", (ASKED,), (MAIL,), "call")
    reply = parse_reply(render_reply("", [ToolCall("post", {"to": "Johnesie Whitfield"})]))
    assert mended(item, reply) == reply


@pytest.mark.parametrize(
    ("value", "said", "spelt"),
    [
        ("M Manila", "from Placentia to Manila on Monday", "Manila"),
        ("C Cardiff", "Cardiff, please", "Cardiff"),
        ("LR4071", "put me on LR4017", "LR4017"),
        ("Photograph", "my Photographs", "Photograph"),
        ("guitarr lesson", "a guitar lesson", "guitarr lesson"),
        ("W40", "put me on LW40", "LW40"),
        ("Rome", "to Milan", "Rome"),
        ("", "to Milan", ""),
    ],
)
def test_names_are_spelt_as_they_were_said(value: str, said: str, spelt: str) -> None:
    assert as_said(value, [said.split()]) == spelt
