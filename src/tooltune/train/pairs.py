"""Preference pairs: the right reply to each decision, and one that is wrong by construction.

A wrong reply is made from the right one and from what the dataset says elsewhere, in one of the `KINDS`,
drawn by the seed. The scorer of the evaluation judges both replies: a pair whose right reply it
calls wrong, or whose wrong reply it calls right, is dropped and counted. Needs no torch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random
from typing import Any

from tooltune.chat.encode import Encoder
from tooltune.chat.parse import Reply
from tooltune.evaluate.items import Item, items_of
from tooltune.evaluate.scorers import score
from tooltune.evaluate.values import canonical
from tooltune.types import UNSET, Example, Message, Tool, ToolCall, ToolParameter

KINDS: Mapping[str, str] = {
    "wrong_tool": "calls another tool in view",
    "wrong_value": "gives an argument another value",
    "invented_argument": "gives an argument that nobody asked for, or makes up the one it should ask for",
    "called": "calls a tool where no call is due",
    "talked": "answers in words where a call is due",
}
_REFUSAL = "Sorry, I'm not able to help with that."
_TRIES = 8
"""Known values that are looked at for one that differs."""


@dataclass(frozen=True)
class Pair:
    """One decision with its right reply, and with a wrong one of a kind."""

    item: Item
    chosen: Message
    rejected: Message
    kind: str


@dataclass
class PairReport:
    """What became of the decisions; nothing is lost silently."""

    decisions: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Pairs by the kind of their wrong reply."""
    chosen_wrong: int = 0
    """Decisions left out since the scorer does not accept the dataset's own reply."""
    rejected_right: int = 0
    """Wrong replies thrown away, and another kind tried, since the scorer accepts them."""
    without_rejected: int = 0
    """Decisions left out since no kind of wrong reply fits."""
    too_long: int = 0
    """Pairs left out since a reply of theirs does not fit into the maximum length."""

    def to_dict(self) -> dict[str, int]:
        counts = {key: value for key, value in vars(self).items() if key != "kinds"}
        return counts | {"pairs": self.kinds.total()} | {kind: self.kinds[kind] for kind in KINDS}


def make_pairs(examples: Sequence[Example], seed: int) -> tuple[list[Pair], PairReport]:
    """A pair for each decision of `examples` that has one; equal for equal arguments."""
    items = items_of(examples)
    wrong, report, pairs = _WrongReplies(items), PairReport(decisions=len(items)), []
    for item in items:
        chosen = Message("assistant", item.reference, item.calls)
        if not is_right(item, chosen):
            report.chosen_wrong += 1
            continue
        made = next(wrong.replies(item, Random(f"{seed} {item.id}"), report), None)
        if made is None:
            report.without_rejected += 1
            continue
        kind, rejected = made
        report.kinds[kind] += 1
        pairs.append(Pair(item, chosen, rejected, kind))
    return pairs, report


def encode_pairs(pairs: Sequence[Pair], encoder: Encoder, max_length: int, report: PairReport) -> list[dict[str, Any]]:
    """Token ids of each pair that fits: those of the prompt, and of either reply with its end of turn."""
    rows = []
    for pair in pairs:
        row = _encode(pair, encoder)
        if len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"])) > max_length:
            report.too_long += 1
            report.kinds[pair.kind] -= 1
        else:
            rows.append(row)
    return rows


def _encode(pair: Pair, encoder: Encoder) -> dict[str, list[int]]:
    messages, tools = pair.item.messages, pair.item.tools
    prompt = encoder.encode_prompt(messages, tools)
    replies = {"chosen_ids": pair.chosen, "rejected_ids": pair.rejected}
    ids = {key: encoder.encode([*messages, reply], tools).input_ids for key, reply in replies.items()}
    return {"prompt_ids": prompt} | {key: whole[len(prompt) :] for key, whole in ids.items()}


def is_right(item: Item, message: Message) -> bool:
    """What the evaluation says of a reply."""
    return score(item, Reply(message.content.strip(), message.tool_calls)).failure is None


class _WrongReplies:
    """Makes wrong replies. Each maker returns None where its kind does not fit the decision."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._values: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for call in (call for item in items for call in item.calls):
            for name, value in call.arguments.items():
                self._values[call.name, name].append(value)
        self._words = [item.reference for item in items if item.outcome in ("ask", "abstain")] or [_REFUSAL]
        self._later = _later_calls(items)
        self._makers: Mapping[str, Callable[[Item, Random], Message | None]] = {
            kind: getattr(self, f"_{kind}") for kind in KINDS
        }

    def replies(self, item: Item, rng: Random, report: PairReport) -> Iterator[tuple[str, Message]]:
        """The wrong replies to a decision with their kinds, in an order drawn by `rng`."""
        for kind in rng.sample(list(KINDS), len(KINDS)):
            message = self._makers[kind](item, rng)
            if message is not None and is_right(item, message):
                report.rejected_right += 1
            elif message is not None:
                yield kind, message

    def _wrong_tool(self, item: Item, rng: Random) -> Message | None:
        others = [tool for tool in item.tools if tool.name not in {call.name for call in item.calls}]
        if not item.calls or not others:
            return None
        index, tool = rng.randrange(len(item.calls)), rng.choice(others)
        return _with_call(item, index, self._filled(tool, item.calls[index].arguments, rng))

    def _wrong_value(self, item: Item, rng: Random) -> Message | None:
        tools = {tool.name: tool for tool in item.tools}
        given = [(index, name) for index, call in enumerate(item.calls) for name in call.arguments]
        for index, name in rng.sample(given, len(given)):
            call = item.calls[index]
            parameter = tools[call.name].parameter(name) if call.name in tools else None
            value = self._value(call.name, parameter, rng, but=call.arguments[name])
            if value is not UNSET:
                return _with_call(item, index, ToolCall(call.name, {**call.arguments, name: value}))
        return None

    def _invented_argument(self, item: Item, rng: Random) -> Message | None:
        if item.outcome == "ask":
            return _calling(self._premature(item, rng))
        tools = {tool.name: tool for tool in item.tools}
        unsaid = [
            (index, parameter)
            for index, call in enumerate(item.calls)
            for parameter in (tools[call.name].parameters if call.name in tools else ())
            if not parameter.required and parameter.name not in call.arguments
        ]
        for index, parameter in rng.sample(unsaid, len(unsaid)):
            call = item.calls[index]
            value = self._value(call.name, parameter, rng, but=parameter.default)
            if value is not UNSET:
                return _with_call(item, index, replace(call, arguments={**call.arguments, parameter.name: value}))
        return None

    def _called(self, item: Item, rng: Random) -> Message | None:
        if item.outcome == "call" or not item.tools:
            return None
        if item.outcome != "ask":
            return _calling(self._filled(rng.choice(item.tools), {}, rng))
        call = self._premature(item, rng)
        known = {name: value for name, value in call.arguments.items() if name not in item.missing} if call else {}
        return _calling(call and replace(call, arguments=known))

    def _talked(self, item: Item, rng: Random) -> Message | None:
        return Message("assistant", rng.choice(self._words)) if item.outcome == "call" else None

    def _premature(self, item: Item, rng: Random) -> ToolCall | None:
        """The call that the question of an `ask` is for, with what is missing made up."""
        fitting = [tool for tool in item.tools if item.missing and set(item.missing) <= _required(tool)]
        later = self._later.get(item.id)
        tool = next((tool for tool in fitting if later and tool.name == later.name), None)
        if tool is None:
            return self._filled(rng.choice(fitting), {}, rng) if fitting else None
        told = later.arguments if later else {}
        made_up = {name: self._value(tool.name, tool.parameter(name), rng, but=told.get(name)) for name in item.missing}
        return ToolCall(tool.name, _set({**told, **made_up}))

    def _filled(self, tool: Tool, given: Mapping[str, Any], rng: Random) -> ToolCall:
        """A call of `tool` with what it takes of the arguments `given`, and all it requires."""
        arguments = {
            parameter.name: given.get(parameter.name, UNSET)
            for parameter in tool.parameters
            if parameter.required or parameter.name in given
        }
        for name, value in arguments.items():
            if value is UNSET:
                arguments[name] = self._value(tool.name, tool.parameter(name), rng)
        return ToolCall(tool.name, _set(arguments))

    def _value(self, tool: str, parameter: ToolParameter | None, rng: Random, but: Any = UNSET) -> Any:
        """A value of the parameter that means something else than `but`, best one said elsewhere; UNSET if none."""
        if parameter is None:
            return UNSET
        said = [*self._values[tool, parameter.name], *(parameter.enum or ())]
        drawn = [*rng.sample(said, min(_TRIES, len(said))), *_plain_values(parameter, but)]
        return next((value for value in drawn if canonical(value) != canonical(but)), UNSET)


def _plain_values(parameter: ToolParameter, but: Any) -> tuple[Any, ...]:
    """Values of a parameter's type, where the dataset knows no others."""
    if parameter.enum is not None:
        return ()
    number = but if isinstance(but, int | float) and not isinstance(but, bool) else 1
    by_type: Mapping[str, tuple[Any, ...]] = {
        "boolean": (True, False),
        "integer": (number + 1,),
        "number": (number + 1,),
        "string": ("example", "another example"),
    }
    return by_type.get(parameter.type, ()) if isinstance(parameter.type, str) else ()


def _calling(call: ToolCall | None) -> Message | None:
    """A reply that is one call."""
    return Message("assistant", "", (call,)) if call else None


def _with_call(item: Item, index: int, call: ToolCall) -> Message:
    """The right reply with one call replaced."""
    return Message("assistant", item.reference, (*item.calls[:index], call, *item.calls[index + 1 :]))


def _set(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments for which there is a value."""
    return {name: value for name, value in arguments.items() if value is not UNSET}


def _required(tool: Tool) -> set[str]:
    return {parameter.name for parameter in tool.parameters if parameter.required}


def _later_calls(items: Sequence[Item]) -> dict[str, ToolCall]:
    """For each question for a missing argument, the call that it led to in the same conversation."""
    found: dict[str, ToolCall] = {}
    for item, following in pairwise(items):
        same = item.id.split(".")[0] == following.id.split(".")[0]
        if same and item.outcome == "ask" and following.calls:
            found[item.id] = following.calls[0]
    return found
