"""From held-out examples to scored items: one item is one decision of the assistant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tooltune.errors import DataError
from tooltune.types import Example, Message, Tool, ToolCall

Outcome = Literal["call", "ask", "abstain", "chat"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
Scorer = Literal["semantic", "bfcl"]

_OUTCOME_OF_SCENARIO: Mapping[str, Outcome] = {"missing_argument": "ask", "no_tool": "abstain"}


@dataclass(frozen=True)
class Item:
    """What the assistant sees before a decision, and what it should decide."""

    id: str
    """`example.turn`: the index of the example and of the assistant's message in it."""
    scenario: str
    messages: tuple[Message, ...]
    """Everything before the decision."""
    tools: tuple[Tool, ...]
    outcome: Outcome
    """`call` a tool, `ask` for what is missing, `abstain` since no tool fits, or just `chat`."""
    calls: tuple[ToolCall, ...] = ()
    """The expected calls; empty unless the outcome is `call`."""
    missing: tuple[str, ...] = ()
    """Names of the parameters to ask for; empty unless the outcome is `ask`."""
    reference: str = ""
    """What the assistant says in the dataset; where it asks, its question helps to judge others."""
    scorer: Scorer = "semantic"
    """`semantic`: the calls must mean the same. `bfcl`: Berkeley's rules, see `tooltune.evaluate.bfcl`."""
    sample: int = 0
    """Which of several sampled replies is wanted, where one is chosen among them: each has chance of its own."""
    answers: tuple[Mapping[str, Any], ...] = ()
    """What Berkeley's rules accept, `{tool: {argument: [values]}}` for each call; none: any call will do."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "scenario": self.scenario,
            "outcome": self.outcome,
            "tools": [tool.to_dict() for tool in self.tools],
            "messages": [message.to_dict() for message in self.messages],
            "calls": [call.to_dict() for call in self.calls],
            "missing": list(self.missing),
            "reference": self.reference,
            "scorer": self.scorer,
            "answers": [dict(answer) for answer in self.answers],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Item:
        """The inverse of `to_dict`.

        Raises:
            DataError: a key is absent or wrong.
        """
        where, outcome = f"item {data.get('id')}", data.get("outcome")
        if outcome not in OUTCOMES:
            raise DataError(f"{where}, key outcome", repr(outcome), f"one of {', '.join(OUTCOMES)}")
        return cls(
            id=str(data.get("id")),
            scenario=str(data.get("scenario", "")),
            outcome=outcome,
            tools=tuple(Tool.from_dict(tool, where) for tool in data.get("tools", ())),
            messages=tuple(Message.from_dict(message, where) for message in data.get("messages", ())),
            calls=tuple(ToolCall.from_dict(call, where) for call in data.get("calls", ())),
            missing=tuple(data.get("missing", ())),
            reference=str(data.get("reference", "")),
            scorer="bfcl" if data.get("scorer") == "bfcl" else "semantic",
            answers=tuple(data.get("answers", ())),
        )


def items_of(examples: Iterable[Example]) -> list[Item]:
    """All scored decisions of `examples`, in order."""
    return [item for index, example in enumerate(examples) for item in _decisions(index, example)]


def _decisions(index: int, example: Example) -> Iterator[Item]:
    for turn, message in enumerate(example.messages):
        if turn and message.role == "assistant" and _is_scored(example.messages[turn - 1], message):
            yield _item(f"{index}.{turn}", example, turn)


def _is_scored(previous: Message, message: Message) -> bool:
    """The answer to the user counts, and a further call; the summary of a result does not."""
    return previous.role == "user" or bool(message.tool_calls)


def _item(identity: str, example: Example, turn: int) -> Item:
    message, scenario = example.messages[turn], str(example.metadata.get("scenario", ""))
    outcome: Outcome = "call" if message.tool_calls else _OUTCOME_OF_SCENARIO.get(scenario, "chat")
    return Item(
        id=identity,
        scenario=scenario or "unknown",
        messages=example.messages[:turn],
        tools=example.tools,
        outcome=outcome,
        calls=message.tool_calls,
        missing=_names(example.metadata.get("missing")) if outcome == "ask" else (),
        reference=message.content,
    )


def _names(missing: Any) -> tuple[str, ...]:
    """Metadata comes from files: one name, a list of names, or nothing usable."""
    if isinstance(missing, str):
        return (missing,)
    return tuple(str(name) for name in missing) if isinstance(missing, list | tuple) else ()
