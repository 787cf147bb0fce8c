"""Judge whole conversations by what they came to: the calls that had to be made, and the state of the world.

A conversation is right when every call of the reference was made, each change was made as often as there, nothing
else was changed, and the world ends in the state in which the reference's calls leave a world of their own. Calls that
only look or compute may come beside them, in any number, and so may calls that failed.

A conversation of BFCL is held in BFCL's own world, and judged by BFCL's own checkers (`bfcl_world`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from typing import Any

from tooltune.chat.parse import Reply, parse_reply
from tooltune.evaluate import scorers
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.bfcl_world import BfclWorld, check
from tooltune.evaluate.breakdown import cluster
from tooltune.evaluate.outputs import Output, Replies
from tooltune.evaluate.plays import AnyConversation, Play, hold
from tooltune.evaluate.simulation import Simulation
from tooltune.evaluate.statistics import Rate, clustered_difference, holm, mcnemar_paired
from tooltune.types import Message, ToolCall

FAILURES: Mapping[str, str] = {
    # What breaks a conversation off: no reply, or one that did not come to its end.
    **dict(takewhile(lambda failure: failure[0] != "malformed", scorers.FAILURES.items())),
    "too_many_steps": "went on calling, and never answered the user",
    "malformed": "a required call is absent, and an attempted one could not be read",
    "hallucinated_tool": "a required call is absent, and a tool was called that does not exist",
    "wrong_state": "left another state: a change has other values than required, comes in another order, or is absent",
    "wrong_value": "called a required tool with other arguments only",
    "missing_call": "a required call is absent, and nothing like it was made",
    "extra_change": "did all that was required, and changed something more",
    "missing_result": "the state is right, and a result that the reference's calls give never came",
}
"""The kinds of failure; the first that applies is the label."""


@dataclass(frozen=True)
class Outcome:
    """What became of one conversation."""

    conversation: AnyConversation
    messages: tuple[Message, ...]
    """The conversation as it was held."""
    failure: str | None
    """A key of FAILURES, or None when it is right."""
    detail: str
    missing: tuple[ToolCall, ...]
    """Required calls that were not made, or changed nothing where they should."""
    extra: tuple[ToolCall, ...]
    """Calls that changed something and are not required, or not so often."""
    outputs: tuple[Output, ...] = ()
    """Every reply as it came."""

    @property
    def right(self) -> bool:
        """Whether the conversation ended as it should."""
        return self.failure is None

    @classmethod
    def of(cls, play: Play) -> Outcome:
        """Judge a conversation that is over."""
        world = play.world
        outcome = _by_bfcl(play, world) if isinstance(world, BfclWorld) else _by_reference(play, world)
        return replace(outcome, outputs=tuple(play.outputs))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the conversation that was to be held, and the raw replies."""
        return {
            "failure": self.failure,
            "detail": self.detail,
            "missing": [call.to_dict() for call in self.missing],
            "extra": [call.to_dict() for call in self.extra],
            "messages": [message.to_dict() for message in self.messages],
        }


def _by_bfcl(play: Play, world: BfclWorld) -> Outcome:
    """By BFCL's checkers; one that was broken off is wrong whatever was called before."""
    failure, detail = play.failure, play.detail
    if failure is None and (found := check(world.conversation, play.calls())):
        failure, detail = found
        names = {call.name for calls in play.calls() for call in calls}
        unknown = names - {tool.name for tool in world.conversation.tools}
        failure = "malformed" if play.misread else "hallucinated_tool" if unknown else failure
    return Outcome(play.conversation, tuple(play.messages), failure, detail, (), ())


def _by_reference(play: Play, made: Simulation) -> Outcome:
    """By the calls of the reference, and the state in which they leave a world."""
    reference = made.script.replayed
    calls = {done.key: done.call for done in (*reference.done, *made.done)}
    undone, extra = reference.changed - made.changed, made.changed - reference.changed
    missing = [key for key in calls if key in undone or key in reference.called - made.called]
    failure = play.failure or _failure(play, made, [calls[key] for key in missing], [calls[key] for key in extra])
    return Outcome(
        play.conversation, tuple(play.messages), failure, play.detail, _each(missing, calls),
        _each(extra.elements(), calls),
    )  # fmt: skip


def _each(keys: Iterable[Hashable], calls: Mapping[Hashable, ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(calls[key] for key in keys)


def _failure(play: Play, made: Simulation, missing: Sequence[ToolCall], extra: Sequence[ToolCall]) -> str | None:
    """What is wrong with a conversation that came to its end."""
    if missing:
        return _absence(play, made, {call.name for call in missing}, {call.name for call in extra})
    if extra:
        return "extra_change"
    return None if made.state == made.script.replayed.state else "wrong_state"


def _absence(play: Play, made: Simulation, missing: set[str], extra: set[str]) -> str:
    """Why required calls of these tools are absent."""
    reference = made.script.replayed
    if play.misread:
        return "malformed"
    if any(done.call.name not in made.script.tools for done in made.done):
        return "hallucinated_tool"
    if missing & extra or made.called >= reference.called:
        return "wrong_state"
    others = {done.call.name for done in made.done if done.key not in reference.called}
    return "wrong_value" if missing & others else "missing_call"


@dataclass(frozen=True)
class StateEvaluation:
    """How one model's conversations ended."""

    label: str
    outcomes: tuple[Outcome, ...]

    def rates(self) -> dict[str, Rate]:
        """The share of conversations that are right: `all` of them, then those of each scenario."""
        right: dict[str, list[bool]] = {"all": []}
        for outcome in sorted(self.outcomes, key=lambda outcome: outcome.conversation.scenario):
            right["all"].append(outcome.right)
            right.setdefault(outcome.conversation.scenario, []).append(outcome.right)
        return {name: Rate.of(verdicts) for name, verdicts in right.items()}

    def to_dict(self) -> dict[str, Any]:
        """The rates, and how often each failure came."""
        counts = Counter(outcome.failure for outcome in self.outcomes)
        return {
            "rates": {name: rate.to_dict() for name, rate in self.rates().items()},
            "failures": {name: counts[name] for name in FAILURES if counts[name]},
        }


def evaluate_by_state(
    replies: Replies,
    conversations: Sequence[AnyConversation],
    *,
    label: str,
    parse: Callable[[str], Reply] = parse_reply,
    progress: Callable[[int, int], None] | None = None,
) -> StateEvaluation:
    """Let a model hold conversations, and judge how they end; see `plays.hold`."""
    plays = list(map(Play, conversations))
    hold(replies, plays, parse=parse, progress=progress)
    return StateEvaluation(label, tuple(map(Outcome.of, plays)))


def by_state_data(evaluations: Sequence[StateEvaluation]) -> dict[str, Any]:
    """The part `by_state` of report.json: each model's rates, and each conversation with what models made of it.

    Beside the rates of two models or more stand their `p_values`, and `differences` (see `_differences`).
    """
    held = [
        {
            "id": outcomes[0].conversation.id,
            "scenario": outcomes[0].conversation.scenario,
            "required": [call.to_dict() for call in outcomes[0].conversation.calls],
            "held": {e.label: outcome.to_dict() for e, outcome in zip(evaluations, outcomes, strict=True)},
        }
        for outcomes in zip(*(evaluation.outcomes for evaluation in evaluations), strict=True)
    ]
    return {
        "judge": "bfcl" if isinstance(evaluations[0].outcomes[0].conversation, BfclConversation) else "reference",
        "models": {e.label: e.to_dict() for e in evaluations},
        "p_values": p_values(evaluations),
        "differences": _differences(evaluations),
        "conversations": held,
    }


def p_values(evaluations: Sequence[StateEvaluation]) -> dict[str, Any]:
    """McNemar's exact test of the two that are compared; empty unless there are two."""
    if len(evaluations) < 2:
        return {}
    pairs = _pairs(evaluations)
    scenarios = {name: _p_value(pairs[name]) for name in sorted(pairs)}
    return {
        "models": [evaluation.label for evaluation in _compared(evaluations)],
        "all": _p_value(chain.from_iterable(pairs.values())),
        "scenarios": scenarios,
        "scenarios_holm": holm(scenarios),
    }


def _differences(evaluations: Sequence[StateEvaluation]) -> dict[str, Any]:
    """How much better the second of them is, with a bootstrap over sets of tools; empty unless there are two.

    Conversations that need the same tools stand or fall together.
    """
    if len(evaluations) < 2:
        return {}
    pairs = _pairs(evaluations)
    return {
        "overall": _difference(chain.from_iterable(pairs.values())),
        "scenarios": {name: _difference(pairs[name]) for name in sorted(pairs)},
    }


def _compared(evaluations: Sequence[StateEvaluation]) -> tuple[StateEvaluation, StateEvaluation]:
    """The base and the tuned model, or else the first and the last."""
    known = {evaluation.label: evaluation for evaluation in evaluations}
    return known.get("base", evaluations[0]), known.get("tuned", evaluations[-1])


def _pairs(evaluations: Sequence[StateEvaluation]) -> dict[str, list[tuple[Outcome, Outcome]]]:
    """What both made of each conversation, by scenario."""
    first, second = _compared(evaluations)
    pairs: dict[str, list[tuple[Outcome, Outcome]]] = {}
    for before, after in zip(first.outcomes, second.outcomes, strict=True):
        pairs.setdefault(before.conversation.scenario, []).append((before, after))
    return pairs


def _p_value(pairs: Iterable[tuple[Outcome, Outcome]]) -> float:
    return mcnemar_paired((before.right, after.right) for before, after in pairs)


def _difference(pairs: Iterable[tuple[Outcome, Outcome]]) -> dict[str, Any] | None:
    found = clustered_difference((cluster(b.conversation), b.right, a.right) for b, a in pairs)
    return found.to_dict() if found else None
