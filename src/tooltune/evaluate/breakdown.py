"""Where a model fails: by tool, by argument, and which tool it takes for which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from tooltune.evaluate.bfcl import check_argument
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.scorers import match_calls, same_argument
from tooltune.evaluate.statistics import Rate
from tooltune.types import Tool, ToolCall

NO_CALL = "(no call)"


class Asked(Protocol):
    """An item or a conversation: the calls it expects, and the tools in view."""

    @property
    def calls(self) -> tuple[ToolCall, ...]: ...
    @property
    def tools(self) -> tuple[Tool, ...]: ...


def cluster(asked: Asked) -> str:
    """What an item or a conversation shares with others: the tools it expects, or else those in view."""
    return " + ".join(sorted({call.name for call in asked.calls} or {tool.name for tool in asked.tools}))


def breakdown(evaluation: Evaluation) -> dict[str, Any]:
    """`tools`, `arguments` and `confusion` of a model, as the report holds them."""
    return {
        "tools": {name: _tool(name, evaluation) for name in _tool_names(evaluation)},
        "arguments": {name: rate.to_dict() for name, rate in argument_rates(evaluation).items()},
        "confusion": [
            {"expected": expected, "called": called, "n": n} for (expected, called), n in confusion(evaluation).items()
        ],
    }


def _tool_names(evaluation: Evaluation) -> list[str]:
    results = evaluation.results
    return sorted({call.name for result in results for call in (*result.item.calls, *result.reply.calls)})


def _tool(name: str, evaluation: Evaluation) -> dict[str, Any]:
    """Recall, precision, and how often the whole decision is right where the tool is expected."""
    expecting = [result for result in evaluation.results if _count(result.item.calls, name)]
    calling = [result for result in evaluation.results if _count(result.reply.calls, name)]
    return {
        "right": Rate.of(result.right for result in expecting).to_dict(),
        "recall": Rate.of(_count(result.reply.calls, name) > 0 for result in expecting).to_dict(),
        "precision": Rate.of(_count(result.item.calls, name) > 0 for result in calling).to_dict(),
    }


def _count(calls: tuple[ToolCall, ...], name: str) -> int:
    return sum(call.name == name for call in calls)


def argument_rates(evaluation: Evaluation) -> dict[str, Rate]:
    """How often each expected argument, as `tool.argument`, has an accepted value."""
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for result in evaluation.results:
        for name, right in _argument_verdicts(result):
            verdicts[name].append(right)
    return {name: Rate.of(verdicts[name]) for name in sorted(verdicts)}


def _argument_verdicts(result: ItemResult) -> Iterator[tuple[str, bool]]:
    """Each expected argument with whether it is right; all of a call that was not made are wrong."""
    item, given = result.item, result.reply.calls

    def right(index: int, call: ToolCall) -> dict[str, bool]:
        return {name: _is_right(item, index, call, name) for name in item.calls[index].arguments}

    pairs = match_calls(item.calls, given, lambda i, j: list(right(i, given[j]).values()).count(False))
    for index, want in enumerate(item.calls):
        found = right(index, given[pairs[index]]) if index in pairs else dict.fromkeys(want.arguments, False)
        yield from ((f"{want.name}.{name}", verdict) for name, verdict in found.items())


def _is_right(item: Item, index: int, given: ToolCall, name: str) -> bool:
    tool = next(tool for tool in item.tools if tool.name == given.name)
    if not item.answers:
        return same_argument(item.calls[index], given, name, tool.schema())
    accepted = item.answers[index][given.name]
    return name in given.arguments and check_argument(tool, accepted, name, given.arguments[name]) is None


def confusion(evaluation: Evaluation) -> Counter[tuple[str, str]]:
    """(expected tool, called tool) -> how often; what was right is counted too."""
    return Counter(pair for result in evaluation.results for pair in _confused(result))


def _confused(result: ItemResult) -> Iterator[tuple[str, str]]:
    """The tools that were called as expected, then what is left of both sides, in order."""
    expected = Counter(call.name for call in result.item.calls)
    called = Counter(call.name for call in result.reply.calls)
    yield from ((name, name) for name in (expected & called).elements())
    missed, others = list((expected - called).elements()), list((called - expected).elements())
    for index in range(max(len(missed), len(others))):
        yield _at(missed, index), _at(others, index)


def _at(names: list[str], index: int) -> str:
    return names[index] if index < len(names) else NO_CALL
