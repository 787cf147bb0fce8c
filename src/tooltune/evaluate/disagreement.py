"""Where the two scorers disagree on the same reply: by Berkeley's rules, and by what the calls mean.

An item is scored by one of them. The other one is asked here: about an item of BFCL, whether each call means the
same as one of the accepted answers (types by their meaning, strings exactly, defaults may be absent); about an item of
another source, whether Berkeley's rules would take the calls, with the expected values as the only accepted ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tooltune.evaluate.bfcl import check_calls
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.values import canonical
from tooltune.types import ToolCall


@dataclass(frozen=True)
class Disagreement:
    """A reply that one scorer takes and the other refuses."""

    result: ItemResult
    bfcl: bool
    """Whether Berkeley's rules take the calls; the other scorer says the opposite."""

    @property
    def by(self) -> str:
        """The scorer that takes the calls."""
        return "bfcl" if self.bfcl else "semantic"

    def to_dict(self) -> dict[str, Any]:
        return {"item": self.result.item.id, "bfcl": self.bfcl, "semantic": not self.bfcl}


@dataclass(frozen=True)
class Disagreements:
    """Those of one model."""

    compared: int
    """Replies with readable calls, where certain calls were expected."""
    found: tuple[Disagreement, ...]

    @classmethod
    def of(cls, evaluation: Evaluation) -> Disagreements:
        """Ask the other scorer about each reply on which both can have a say."""
        compared = [result for result in evaluation.results if _comparable(result)]
        pairs = ((result, _other(result)) for result in compared)
        found = [(result, result.item.scorer == "bfcl") for result, other in pairs if other != result.right]
        return cls(len(compared), tuple(Disagreement(result, result.right == is_bfcls) for result, is_bfcls in found))

    def to_dict(self) -> dict[str, Any]:
        return {"compared": self.compared, "found": [disagreement.to_dict() for disagreement in self.found]}


def _comparable(result: ItemResult) -> bool:
    item = result.item
    expected = item.answers if item.scorer == "bfcl" else item.calls
    return bool(item.outcome == "call" and expected and result.reply.calls and result.score.well_formed)


def _other(result: ItemResult) -> bool:
    """What the scorer says that is not the item's own."""
    item, calls = result.item, result.reply.calls
    if item.scorer == "bfcl":
        return means_the_same(item, calls)
    if not {call.name for call in item.calls} <= {tool.name for tool in item.tools}:
        return False
    answers = [{call.name: _only(call.arguments)} for call in item.calls]
    return check_calls("parallel_multiple", item.tools, answers, calls) is None


def _only(members: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Each value as the only accepted one, in BFCL's form."""
    return {name: [_inside(value)] for name, value in members.items()}


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _only(value)
    return [_inside(part) for part in value] if isinstance(value, list | tuple) else value


def means_the_same(item: Item, calls: Sequence[ToolCall]) -> bool:
    """Whether the calls can be paired with the accepted answers of an item of BFCL, each with one that it means."""
    schemas = {tool.name: tool.schema() for tool in item.tools}
    fits = [[_takes(answer, call, schemas) for answer in item.answers] for call in calls]
    return len(calls) == len(item.answers) and _pairable(fits)


def _pairable(fits: Sequence[Sequence[bool]]) -> bool:
    """Whether each row can have a column of its own in which it is true (Kuhn's algorithm)."""
    owner: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column in (c for c, fit in enumerate(fits[row]) if fit and c not in tried):
            tried.add(column)
            if column not in owner or place(owner[column], tried):
                owner[column] = row
                return True
        return False

    return all(place(row, set()) for row in range(len(fits)))


def _takes(answer: Mapping[str, Any], call: ToolCall, schemas: Mapping[str, Any]) -> bool:
    ((name, accepted),) = answer.items()
    return call.name == name and name in schemas and _fits(call.arguments, accepted, schemas[name])


def _fits(given: Mapping[str, Any], accepted: Mapping[str, Any], schema: Any) -> bool:
    """Whether each member of an object is one of its accepted values; one that is absent stands for its default."""
    members = (schema.get("properties") if isinstance(schema, Mapping) else None) or {}
    for name in {**given, **accepted}:
        member, options = members.get(name) or {}, accepted.get(name, [""])
        options = options if isinstance(options, list) else [options]
        default = member.get("default", "") if isinstance(member, Mapping) else ""
        value = given.get(name, default)
        left_out = "" in options and (name not in given or value == default != "")
        if not (left_out or any(_means(value, option, member) for option in options if option != "" or name in given)):
            return False
    return True


def _means(value: Any, option: Any, schema: Any) -> bool:
    """Whether a value means the same as an accepted one, whose objects hold lists of accepted values."""
    if isinstance(option, Mapping):
        return isinstance(value, Mapping) and _fits(value, option, schema)
    if isinstance(option, list):
        same = isinstance(value, list | tuple) and len(value) == len(option)
        part = schema.get("items") if isinstance(schema, Mapping) else None
        return same and all(_means(one, other, part) for one, other in zip(value, option, strict=True))
    return canonical(value, schema) == canonical(option, schema)
