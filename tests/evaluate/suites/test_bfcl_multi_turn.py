"""BFCL's conversations of several turns, held by a script that replays the reference's calls, or something worse."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evaluate.suites.test_bfcl_results import official_reader
from tests.evaluate.test_by_state import NASTY, Step, scripted
from tooltune.errors import DataError, MissingExtraError
from tooltune.evaluate.bfcl_conversations import STEPS, BfclConversation
from tooltune.evaluate.bfcl_world import BfclWorld
from tooltune.evaluate.by_state import FAILURES, Outcome, by_state_data, evaluate_by_state
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output, OutputLog, kept
from tooltune.evaluate.suites import MULTI_TURN, load_multi_turn, write_bfcl_conversations
from tooltune.evaluate.suites.bfcl_multi_turn import MORE_TOOLS, read_call
from tooltune.types import Tool, ToolCall, ToolParameter

ALL = load_multi_turn(MULTI_TURN)
BASE = next(c for c in ALL if c.scenario == "multi_turn_base")
BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "bfcl_multi_turn.py"


def at_once(conversation: BfclConversation) -> list[Step]:
    """The reference's calls, all of a turn in one reply, and then words."""
    return [step for calls in conversation.required for step in ([calls] if calls else []) + ["Done."]]


def one_by_one(conversation: BfclConversation) -> list[Step]:
    return [step for calls in conversation.required for step in [*([call] for call in calls), "Done."]]


def without_the_first(conversation: BfclConversation) -> list[Step]:
    steps = one_by_one(conversation)
    first = next(place for place, step in enumerate(steps) if step != "Done.")
    return steps[:first] + steps[first + 1 :]


def with_another_value(conversation: BfclConversation) -> list[Step]:
    """One value of the last call that has any is another."""
    steps = one_by_one(conversation)
    place = max(n for n, step in enumerate(steps) if isinstance(step, list) and step[0].arguments)
    (call,) = steps[place]
    assert isinstance(call, ToolCall)
    return [*steps[:place], [ToolCall(call.name, dict.fromkeys(call.arguments, "elsewhere"))], *steps[place + 1 :]]


def held(conversation: BfclConversation, *steps: Step) -> Outcome:
    (outcome,) = evaluate_by_state(scripted({conversation.id: steps}), [conversation], label="m").outcomes
    return outcome


def test_all_rows_are_read() -> None:
    assert len(ALL) == 800
    assert {c.scenario for c in ALL} == set(MULTI_TURN)
    for conversation in ALL[::40]:
        assert BfclConversation.from_dict(conversation.to_dict()) == conversation
        assert len(conversation.turns) == len(conversation.required)


@pytest.mark.parametrize("replies", [at_once, one_by_one])
def test_the_reference_itself_is_always_right(replies: Callable[[BfclConversation], list[Step]]) -> None:
    chosen = ALL[::8]
    found = evaluate_by_state(scripted({c.id: replies(c) for c in chosen}), chosen, label="m")
    assert [(o.conversation.id, o.failure, o.detail) for o in found.outcomes if not o.right] == []
    assert {name: rate.n for name, rate in found.rates().items()} == {"all": 100, **dict.fromkeys(MULTI_TURN, 25)}


@pytest.mark.parametrize("spoiled", [without_the_first, with_another_value])
def test_a_reference_with_one_thing_wrong_is_wrong(spoiled: Callable[[BfclConversation], list[Step]]) -> None:
    chosen = ALL[::8]
    found = evaluate_by_state(scripted({c.id: spoiled(c) for c in chosen}), chosen, label="m")
    assert [outcome.conversation.id for outcome in found.outcomes if outcome.right] == []
    assert set(found.to_dict()["failures"]) <= {"missing_call", "wrong_state", "missing_result"}


def test_saying_nothing_but_words_is_never_right() -> None:
    found = evaluate_by_state(scripted({c.id: () for c in ALL[::8]}), ALL[::8], label="m")
    assert found.to_dict()["failures"] == {"missing_call": 100}
    assert found.outcomes[0].detail == "Turn 1: no call was made."


def test_tools_that_are_held_back_come_into_view_when_the_user_says_so() -> None:
    conversation = next(c for c in ALL if c.held_back)
    ((name, turn), *_) = conversation.held_back.items()
    seen: list[Item] = []
    script = scripted({conversation.id: at_once(conversation)}, seen)
    assert evaluate_by_state(script, [conversation], label="m").outcomes[0].right
    for item in seen:
        later = any(message.content == MORE_TOOLS for message in item.messages)
        assert (name in [tool.name for tool in item.tools]) == later
    assert conversation.said[turn][0].content == MORE_TOOLS


@pytest.mark.parametrize(
    ("steps", "failure"),
    [
        ([Output(failed="too_long")], "too_long"),
        ([Output(failed="timed_out", detail="late")], "timed_out"),
        ([""], "no_output"),
        ([Output("<tool_call>\nname: ls", truncated=True)], "truncated"),
        (["<tool_call>\nname: ls\nparameters: {"], "malformed"),
        ([[ToolCall("no_such_tool", {})]], "hallucinated_tool"),
        ([[ToolCall("ls", {})]] * 100, "too_many_steps"),
    ],
)
def test_each_failure_has_a_name(steps: list[Step], failure: str) -> None:
    outcome = held(BASE, *steps)
    assert outcome.failure == failure
    assert failure in FAILURES


def test_as_on_the_board_so_many_replies_may_call_and_an_unreadable_one_ends_the_turn() -> None:
    first, *rest = BASE.required
    extra = [[ToolCall("ls", {})]] * (STEPS - 2)
    assert not held(BASE, *extra, [*first], "Done.", *at_once(BASE)[2:]).failure
    assert held(BASE, *extra, [ToolCall("ls", {})], [*first], "Done.").failure == "too_many_steps"
    unread = held(BASE, [*first], "<tool_call>\nname: ls\nparameters: {", *at_once(BASE)[2:])
    assert unread.right
    assert len(rest) == sum(message.role == "user" for message in unread.messages) - 1


def test_errors_of_the_world_go_back_to_the_model() -> None:
    wrong = [ToolCall("cd", {"folder": "nowhere"}), ToolCall("cd", {"unknown": 1}), ToolCall("open", {})]
    outcome = held(BASE, wrong, *at_once(BASE))
    assert outcome.right
    results = [message.content for message in outcome.messages if message.role == "tool"]
    assert "error" in results[0]
    assert results[1].startswith("Error during execution: GorillaFileSystem.cd() got an unexpected keyword argument")
    assert results[2] == "Error during execution: name 'open' is not defined"


def test_what_a_method_keeps_is_not_what_the_model_said() -> None:
    conversation = next(c for c in ALL if "MathAPI" in c.classes)
    numbers = [3, 1, 2]
    BfclWorld(conversation).run(ToolCall("mean", {"numbers": numbers}))
    assert numbers == [3, 1, 2]


@pytest.mark.parametrize("value", NASTY, ids=repr)
def test_nothing_that_a_model_writes_raises(value: Any) -> None:
    for conversation in {c.classes: c for c in ALL if c.scenario != "multi_turn_long_context"}.values():
        world = BfclWorld(conversation)
        for tool in conversation.tools:
            assert isinstance(world.run(ToolCall(tool.name, {p.name: value for p in tool.parameters})), str)


def test_a_power_without_end_is_an_error() -> None:
    conversation = next(c for c in ALL if "MathAPI" in c.classes)
    result = BfclWorld(conversation).run(ToolCall("power", {"base": 9.0, "exponent": 10**9}))
    assert result.startswith("Error during execution")


def test_the_official_package_reads_the_replies_that_we_judged(tmp_path: Path) -> None:
    """As `eval_runner` does, whose reader leaves out the steps that hold no call."""
    chosen = [c for c in ALL if c.scenario == "multi_turn_base"][::10]
    script = {c.id: one_by_one(c) for c in chosen} | {chosen[0].id: [[ToolCall("ls", {})]] * 100}
    found = evaluate_by_state(scripted(script), chosen, label="tuned")
    write_bfcl_conversations(tmp_path, found)
    (path,) = tmp_path.rglob("*.json")
    assert path.parent.name == "multi_turn"
    read = official_reader()
    results = [json.loads(line)["result"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(results[0]) < len(chosen[0].required), "the board's sign for what was broken off"
    for conversation, turns in zip(chosen[1:], results[1:], strict=True):
        calls = [[ToolCall(c["name"], c["arguments"]) for step in steps for c in read(step)] for steps in turns]
        assert calls == [list(required) for required in conversation.required]


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    chosen, log = ALL[::80], tmp_path / "outputs.jsonl"
    script = {c.id: one_by_one(c) for c in chosen}
    seen: list[Item] = []
    whole = evaluate_by_state(kept(scripted(script, seen), OutputLog(log, "m", "h")), chosen, label="m")
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:20]) + lines[20][:30])
    again: list[Item] = []
    found = evaluate_by_state(kept(scripted(script, again), OutputLog(log, "m", "h")), chosen, label="m")
    assert len(again) == len(seen) - 20
    assert by_state_data([found]) == by_state_data([whole])
    assert by_state_data([found])["judge"] == "bfcl"


def test_calls_in_python_are_read_and_never_run() -> None:
    tool = Tool("sort", "", [ToolParameter("name", ""), ToolParameter("reverse", "", "boolean")])
    assert read_call("sort('a.txt', reverse=True)", [tool]) == ToolCall("sort", {"name": "a.txt", "reverse": True})
    for text in ("sort(open('x'))", "sort", "import os", "x.sort(1)"):
        with pytest.raises((ValueError, SyntaxError, AttributeError)):
            read_call(text, [tool])


def test_a_row_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "possible_answer").mkdir()
    for folder in (tmp_path, tmp_path / "possible_answer"):
        (folder / "BFCL_v4_multi_turn_base.json").write_text('{"id": "a"}\n')
    with pytest.raises(DataError, match=r"BFCL_v4_multi_turn_base.json.*not a row of several turns"):
        load_multi_turn(["multi_turn_base"], tmp_path)


@pytest.mark.parametrize(("absent", "fix"), [("mpmath", "pip install mpmath"), ("bfcl_eval", "--no-deps bfcl-eval==")])
def test_what_is_not_installed_is_named(absent: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("bfcl_eval")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    conversation = next(c for c in ALL if "MathAPI" in c.classes)
    with pytest.raises(MissingExtraError, match=fix):
        BfclWorld(conversation)


def test_the_original_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    """`benchmarks/bfcl_multi_turn.py` compares more."""
    spec = importlib.util.spec_from_file_location("bfcl_multi_turn", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    results = benchmark.main(["--mutations", "2"]).values()
    assert sum(counts["disagree"] for counts in results) == 0
    assert (sum(c["gold"] for c in results), sum(c["changed"] for c in results)) == (800, 1600)
    assert min(sum(c[verdict] for c in results) for verdict in ("right", "wrong")) > 500
    assert "several turns" in capsys.readouterr().out
