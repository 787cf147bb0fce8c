"""When two examples ask for the same, in whatever words."""

from __future__ import annotations

from dataclasses import replace

from tooltune import EXAMPLE_TOOLS, Example, Message, ToolCall
from tooltune.generate.sameness import asked

BYE = Example((Message("user", "Bye!"), Message("assistant", "Goodbye!")), tuple(EXAMPLE_TOOLS[:2]))


def said(text: str, *calls: ToolCall) -> Example:
    return replace(BYE, messages=(Message("user", text), Message("assistant", "", calls)))


def test_talk_is_the_same_whatever_tools_are_in_view():
    assert asked(BYE) == asked(replace(BYE, tools=tuple(EXAMPLE_TOOLS[2:])))
    assert asked(said("Who won the match last night?")) == asked(said("hi, who won the match last night, please?"))
    assert asked(said("Who won the match last night?")) != asked(said("Who lost the match last night?"))


def test_calls_decide_where_there_are_any():
    oslo, rome = (ToolCall("get_weather", {"city": city}) for city in ("Oslo", "Rome"))
    assert asked(said("How is Oslo?", oslo)) == asked(said("The weather in Oslo", oslo))
    assert asked(said("How is it?", oslo)) != asked(said("How is it?", rome))
