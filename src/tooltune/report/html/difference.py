"""Where calls differ from the expected ones, argument by argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tooltune.evaluate.values import canonical

State = Literal["same", "different", "missing", "extra"]
Call = Mapping[str, Any]
"""A call as report.json holds it: `name` and `parameters`."""


@dataclass(frozen=True)
class Pair:
    """An expected call beside the call that comes closest to it; None where there is no partner."""

    expected: int | None
    called: int | None
    arguments: Mapping[str, State]
    """The state of each argument of either call; empty without a partner."""

    def to_list(self) -> list[Any]:
        """The short form that the page's script reads."""
        return [self.expected, self.called, dict(self.arguments)]


def pair_calls(expected: Sequence[Call], called: Sequence[Call], schemas: Mapping[str, Any]) -> list[Pair]:
    """Hold each call against the closest expected one: equal names first, then the fewest differences.

    Args:
        expected: the calls that were expected.
        called: those that the model made.
        schemas: tool name -> JSON Schema of its arguments, for defaults.

    Returns:
        The pairs in the order of the expected calls, then the calls that nobody expected.
    """
    found = [
        Pair(i, j, argument_states(want["parameters"], call["parameters"], schemas.get(want["name"])))
        for i, want in enumerate(expected)
        for j, call in enumerate(called)
    ]
    distance = {id(pair): _distance(pair, expected, called) for pair in found}
    left, right = set(range(len(expected))), set(range(len(called)))
    chosen = []
    for pair in sorted(found, key=lambda pair: distance[id(pair)]):
        if pair.expected in left and pair.called in right:
            left.discard(pair.expected)
            right.discard(pair.called)
            chosen.append(pair)
    chosen += [Pair(i, None, {}) for i in left]
    chosen.sort(key=lambda pair: pair.expected or 0)
    return [*chosen, *(Pair(None, j, {}) for j in sorted(right))]


def argument_states(want: Mapping[str, Any], given: Mapping[str, Any], schema: Any = None) -> dict[str, State]:
    """The state of each argument; values are compared as the scorer does, so an absent default is the same."""
    return {name: _state(name, want, given, schema) for name in {**want, **given}}


def _state(name: str, want: Mapping[str, Any], given: Mapping[str, Any], schema: Any) -> State:
    if canonical(_only(name, want), schema) == canonical(_only(name, given), schema):
        return "same"
    if name not in given:
        return "missing"
    return "different" if name in want else "extra"


def _only(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: arguments[name]} if name in arguments else {}


def _distance(pair: Pair, expected: Sequence[Call], called: Sequence[Call]) -> tuple[bool, int, int, int]:
    i, j = pair.expected or 0, pair.called or 0
    differing = sum(state != "same" for state in pair.arguments.values())
    return expected[i]["name"] != called[j]["name"], differing, i, j
