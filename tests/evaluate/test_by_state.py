"""Whole conversations, judged by the state they end in. A scripted answerer stands for what a model writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tooltune.chat.render import render_reply
from tooltune.config import DataConfig
from tooltune.dataset import catalogue_tools, stream_examples
from tooltune.evaluate.by_state import FAILURES, Outcome, by_state_data, evaluate_by_state
from tooltune.evaluate.conversations import SPARE_REPLIES, Conversation, conversations_of
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Finished, Output, OutputLog, kept
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate.world import World
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

ID = ToolParameter("issue_id", "Id of the issue", "string", required=True)
TITLE = ToolParameter("title", "Title", "string", required=True)
LABEL = ToolParameter("label", "Label", "string", default="bug")
TOOLS = (
    Tool("create_issue", "Create an issue.", [TITLE, LABEL]),
    Tool("update_issue", "Update an issue.", [ID, TITLE]),
    Tool("delete_issue", "Delete an issue.", [ID]),
    Tool("get_issue", "Get an issue.", [ID]),
    Tool("send_email", "Send an e-mail.", [ToolParameter("to", "Address", "string", required=True)]),
)
Step = str | Sequence[ToolCall] | Output


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name, arguments)


CREATE = call("create_issue", title="Login fails")
RENAME = call("update_issue", issue_id="K-7", title="Crash")
SHOW = call("get_issue", issue_id="K-7")
DROP = call("delete_issue", issue_id="K-5")  # of these calls, none is one that the world's service fails
MAIL = call("send_email", to="ana@example.com")


def talk(*turns: Sequence[ToolCall], results: Callable[[ToolCall], str] | None = None) -> Conversation:
    """A conversation with one user turn for each list of calls; results are the world's, unless others are given."""
    world, messages = World(), list[Message]()
    for calls in turns:
        messages.append(Message("user", "Please."))
        for one in calls:
            result = results(one) if results else world.execute(one, TOOLS)
            messages += [Message("assistant", "", (one,)), Message("tool", result, name=one.name)]
        messages.append(Message("assistant", "Done."))
    (found,) = conversations_of([Example(tuple(messages), TOOLS, {"scenario": "multi_turn"})])
    return found


def scripted(script: Mapping[str, Sequence[Step]], seen: list[Item] | None = None) -> Callable[..., None]:
    """Answers the n-th question of a conversation with the n-th of its steps, and with words after the last."""

    def replies(items: Sequence[Item], finished: Finished) -> None:
        for place, item in reversed(list(enumerate(items))):
            identity, number = item.id.split("/")
            step = next(islice(script[identity], int(number) - 1, None), "Done.")
            text = step if isinstance(step, str) else "" if isinstance(step, Output) else render_reply("", step)
            finished(place, step if isinstance(step, Output) else Output(text))
            if seen is not None:
                seen.append(item)

    return replies


def reference_steps(conversation: Conversation) -> list[Step]:
    replies = [message for message in conversation.example.messages if message.role == "assistant"]
    return [render_reply(message.content, message.tool_calls) for message in replies]


def hold(conversation: Conversation, *steps: Step) -> Outcome:
    (outcome,) = evaluate_by_state(scripted({conversation.id: steps}), [conversation], label="m").outcomes
    return outcome


def generated(count: int, tools: Sequence[Tool] | None = None, **settings: Any) -> list[Conversation]:
    """Conversations of the scenarios in which one thing leads to another."""
    without = ("single", "selection", "parallel", "many_calls", "no_tool", "chat", "relative_date")
    config = DataConfig(num_examples=4 * count, scenario_shares=tuple(f"{name}=0" for name in without), **settings)
    examples = stream_examples(config, tools or catalogue_tools(config).tools, seed=3)
    return list(islice(conversations_of(islice(examples, 4 * count)), count))


@pytest.mark.parametrize("settings", [{}, {"answered_share": 0.3, "renamed_share": 1.0}])
def test_the_reference_itself_is_always_right(settings: dict[str, Any]) -> None:
    conversations = generated(100, catalogue=300, **settings)
    assert len(conversations) == 100
    assert {"multi_turn", "long_chain", "tool_error"} <= {c.scenario for c in conversations}
    script = {c.id: reference_steps(c) for c in conversations}
    found = evaluate_by_state(scripted(script), conversations, label="m")
    assert [(o.failure, o.missing, o.extra) for o in found.outcomes if not o.right] == []
    assert found.to_dict()["rates"]["all"]["rate"] == 1.0
    assert found.to_dict()["failures"] == {}


def without_a_call(conversation: Conversation, place: int) -> list[Step]:
    """The reference's replies, but one of those that call."""
    steps = reference_steps(conversation)
    calling = [n for n, step in enumerate(steps) if "<tool_call>" in str(step)]
    return [step for n, step in enumerate(steps) if n != calling[place % len(calling)]]


def with_another_value(conversation: Conversation, place: int) -> list[Step]:
    """The reference's replies, one call of which has something else for its first argument."""
    calls = [one for one in conversation.calls if one.arguments]
    chosen = calls[place % len(calls)]
    other = ToolCall(chosen.name, {**chosen.arguments, next(iter(chosen.arguments)): "Something else"})
    return [
        str(step).replace(render_reply("", (chosen,)), render_reply("", (other,)))
        for step in reference_steps(conversation)
    ]


@pytest.mark.parametrize("spoiled", [without_a_call, with_another_value])
def test_a_reference_with_one_thing_wrong_is_never_right(spoiled: Callable[[Conversation, int], list[Step]]) -> None:
    conversations = generated(60, catalogue=300)
    script = {c.id: spoiled(c, place) for place, c in enumerate(conversations)}
    found = evaluate_by_state(scripted(script), conversations, label="m")
    assert [outcome.conversation.id for outcome in found.outcomes if outcome.right] == []


def test_saying_nothing_but_words_is_never_right() -> None:
    conversations = generated(30, catalogue=300)
    found = evaluate_by_state(scripted({c.id: () for c in conversations}), conversations, label="m")
    assert found.to_dict()["failures"] == {"missing_call": 30}


TALK = talk([CREATE], [SHOW, RENAME])


@pytest.mark.parametrize(
    ("steps", "failure"),
    [
        ([[CREATE], "Made.", [SHOW], [RENAME]], None),
        ([[CREATE], "Made.", [SHOW, RENAME]], None),
        ([[call("create_issue", title="Login fails", label="bug")], "Made.", [SHOW], [RENAME]], None),
        ([[SHOW], [call("get_issue", issue_id="K-1")], [CREATE], "Made.", [RENAME]], None),
        ([[call("create_issue", title="Log-in fails")], "Made.", [SHOW], [RENAME]], "wrong_state"),
        ([[CREATE], "Made.", [SHOW], [call("update_issue", issue_id="K-7", title="Crush")]], "wrong_state"),
        ([[CREATE], "Made.", [call("get_issue", issue_id="K-8")], [RENAME]], "wrong_value"),
        ([[CREATE], "Made.", [RENAME]], "missing_call"),
        ([], "missing_call"),
        ([[CREATE], "Made.", [SHOW], [RENAME], [DROP]], "extra_change"),
        ([[CREATE], [CREATE], "Made.", [SHOW], [RENAME]], "extra_change"),
        ([[CREATE], "Made.", [call("show_issue", id="K-7")], [RENAME]], "hallucinated_tool"),
        ([[CREATE], "Made.", "<tool_call>\nname: get_issue\nparameters: {", [RENAME]], "malformed"),
        ([[CREATE], "Made.", ""], "no_output"),
        ([Output("<tool_call>\nname: cre", truncated=True)], "truncated"),
        ([[CREATE], Output(failed="timed_out", detail="late")], "timed_out"),
    ],
)  # fmt: skip
def test_each_failure_has_a_name(steps: Sequence[Step], failure: str | None) -> None:
    assert hold(TALK, *steps).failure == failure


def test_what_the_world_refuses_goes_back_to_the_model_and_a_second_try_counts() -> None:
    wrong = call("create_issue", subject="Login fails")
    unknown = call("open_issue", title="Login fails")
    outcome = hold(TALK, [wrong], [unknown], "create_issue(title=1)", [CREATE], "Made.", [SHOW], [RENAME])
    assert outcome.right
    refused, no_tool, unread = outcome.messages[2], outcome.messages[4], outcome.messages[6]
    assert "do not fit" in json.loads(refused.content)["error"]
    assert (refused.role, refused.name) == ("tool", "create_issue")
    assert "no tool named open_issue" in json.loads(no_tool.content)["error"]
    assert (unread.role, "could not be read" in unread.content) == ("user", True)


def failing() -> ToolCall:
    """A call that the world's service fails."""
    calls = (call("create_issue", title=f"Number {n}") for n in range(1000))
    return next(one for one in calls if "error" in json.loads(World().execute(one, TOOLS)))


def test_a_failed_call_changes_nothing_and_another_may_follow() -> None:
    assert hold(TALK, [failing()], [CREATE], "Made.", [SHOW], [RENAME]).right
    asked_twice = talk([failing()], [CREATE])
    assert hold(asked_twice, [failing()], "It failed.", [CREATE]).right
    assert hold(asked_twice, [CREATE]).failure == "missing_call"


def test_endless_calling_ends() -> None:
    outcome = hold(TALK, *[[SHOW]] * 100)
    assert outcome.failure == "too_many_steps"
    assert sum(message.role == "assistant" for message in outcome.messages) == 2 + SPARE_REPLIES
    assert hold(TALK, *["<tool_call>"] * 100).failure == "too_many_steps"


def test_the_order_of_changes_decides_where_it_matters() -> None:
    first, last = (call("update_issue", issue_id="K-7", title=title) for title in ("One", "Two"))
    one_after_the_other = talk([first], [last])
    assert hold(one_after_the_other, [first], "Done.", [last]).right
    assert hold(one_after_the_other, [last], "Done.", [first]).failure == "wrong_state"
    assert hold(talk([first], [MAIL]), [MAIL], "Done.", [first]).right


def test_results_of_another_world_are_given_for_the_calls_of_the_reference() -> None:
    """So that an id which only the dataset knows can be used in the next call."""
    given = {"create_issue": '{"issue_id": "X-1"}', "delete_issue": '{"ok": true}', "send_email": "sent"}
    drop = call("delete_issue", issue_id="X-1")
    foreign = talk([CREATE, drop], [MAIL], results=lambda one: given[one.name])
    outcome = hold(foreign, [CREATE], [drop], "Done.", [MAIL])
    assert outcome.right
    assert [message.content for message in outcome.messages if message.role == "tool"] == list(given.values())
    assert hold(foreign, [CREATE], [DROP], "Done.", [MAIL]).failure == "wrong_state"


NASTY = ["\ud800", 10**400, 1e308, [[]] * 3, {"a": None}, True, None, ""]


@pytest.mark.parametrize("value", NASTY, ids=repr)
def test_nothing_that_a_model_writes_raises(value: Any) -> None:
    tools = [*TOOLS, *EXAMPLE_TOOLS]
    calls = [ToolCall(tool.name, {p.name: value for p in tool.parameters}) for tool in tools]
    messages = (Message("user", "Go."), Message("assistant", "", (SHOW, MAIL)), Message("tool", "?"), Message("user"))
    example = Example((*messages, Message("assistant", "Done.")), tuple(tools))
    (conversation,) = conversations_of([example])
    assert hold(conversation, calls, [SHOW, MAIL]).failure in FAILURES.keys() | {None}


def test_conversations_advance_side_by_side_and_a_killed_run_goes_on(tmp_path: Path) -> None:
    conversations = generated(12, catalogue=300)
    script = {c.id: reference_steps(c) for c in conversations}
    log, seen = tmp_path / "outputs.jsonl", list[Item]()
    evaluate_by_state(kept(scripted(script, seen), OutputLog(log, "m", "h")), conversations, label="m")
    assert len({item.id for item in seen[:12]} & {f"{c.id}/1" for c in conversations}) == 12
    assert len(seen) == sum(map(len, script.values()))
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:20]) + lines[20][:30])
    again: list[Item] = []
    found = evaluate_by_state(kept(scripted(script, again), OutputLog(log, "m", "h")), conversations, label="m")
    assert len(again) == len(seen) - 20
    assert all(outcome.right for outcome in found.outcomes)


def test_which_conversations_are_held() -> None:
    one = (Message("user", "Hi"), Message("assistant", "", (SHOW,)), Message("tool", "{}"), Message("assistant", "So."))
    failed = (*one[:2], Message("tool", '{"error": "gone"}'), one[3])
    asked = (Message("user", "Hi"), Message("assistant", "Which?"), Message("user", "K-7"), *one[1:])
    chat = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Bye"), Message("assistant", "Bye"))
    found = conversations_of(Example(messages, TOOLS) for messages in (one, failed, asked, chat, one + one, one[:2]))
    assert [conversation.id for conversation in found] == ["1", "2", "4"]
    assert Conversation.from_dict(found[1].to_dict()) == found[1]


def test_what_the_report_holds() -> None:
    good = evaluate_by_state(scripted({TALK.id: reference_steps(TALK)}), [TALK], label="tuned")
    bad = evaluate_by_state(scripted({TALK.id: ([DROP],)}), [TALK], label="base")
    data = by_state_data([bad, good])
    assert json.loads(json.dumps(data)) == data
    assert data["models"]["base"]["failures"] == {"missing_call": 1}
    assert data["models"]["tuned"]["rates"]["multi_turn"]["n"] == 1
    (held,) = data["conversations"]
    assert held["held"]["base"]["extra"] == [DROP.to_dict()]
    assert held["required"] == held["held"]["base"]["missing"] == [c.to_dict() for c in (CREATE, SHOW, RENAME)]
