"""What an evaluation found: every reply with its verdict, and the counts over them.

Raw replies are kept, so that rescoring needs no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tooltune.chat.parse import Reply
from tooltune.errors import DataError
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output
from tooltune.evaluate.scorers import FAILURES, Score, score, sound
from tooltune.evaluate.statistics import Rate
from tooltune.types import ToolCall


@dataclass(frozen=True)
class ItemResult:
    """One item, what the model wrote, how it was read, and the verdict."""

    item: Item
    text: str
    """The raw reply, without the end token."""
    reply: Reply
    truncated: bool
    score: Score
    tokens: int | None = None
    seconds: float | None = None
    """What the reply cost; see `Output`."""

    @classmethod
    def of(cls, item: Item, output: Output, parse: Callable[[str], Reply]) -> ItemResult:
        """Read what a model wrote, and judge it."""
        reply = Reply(error=output.detail) if output.detail else sound(parse(output.text))
        verdict = score(item, reply, truncated=output.truncated, failed=output.failed)
        return cls(item, output.text, reply, output.truncated, verdict, output.tokens, output.seconds)

    @property
    def right(self) -> bool:
        """Whether the decision was the expected one."""
        return self.score.failure is None

    def reply_to_dict(self) -> dict[str, Any]:
        """Everything but the item."""
        calls = [call.to_dict() for call in self.reply.calls]
        return {
            "text": self.text,
            "reply": {"content": self.reply.content, "calls": calls, "error": self.reply.error},
            "truncated": self.truncated,
            "score": self.score.to_dict(),
            "tokens": self.tokens,
            "seconds": self.seconds,
        }

    def to_dict(self) -> dict[str, Any]:
        return {"item": self.item.to_dict()} | self.reply_to_dict()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ItemResult:
        """The inverse of `to_dict`."""
        reply, calls = data["reply"], data["reply"]["calls"]
        return cls(
            Item.from_dict(data["item"]),
            data["text"],
            Reply(reply["content"], tuple(ToolCall.from_dict(call) for call in calls), reply["error"]),
            data["truncated"],
            Score.from_dict(data["score"]),
            data.get("tokens"),
            data.get("seconds"),
        )


@dataclass(frozen=True)
class Metric:
    """A rate: what it is called, which items it counts, and when one succeeds."""

    title: str
    meaning: str
    verdict: Callable[[ItemResult], bool | None]
    """True, False, or None for an item that is not counted."""
    paired: bool = True
    """Whether two models are counted over the same items, so that they can be compared pairwise."""


def _right_by_the_board(result: ItemResult) -> bool | None:
    """The board looks at readable calls alone: one that cannot be read is no call, and the limit on tokens no fault."""
    if result.item.scorer != "bfcl":
        return None
    if result.item.outcome == "abstain":
        return _no_readable_call(result.reply)
    return score(result.item, result.reply).failure is None


def _no_readable_call(reply: Reply) -> bool:
    return not reply.calls or reply.error is not None


def _right_among(*outcomes: str) -> Callable[[ItemResult], bool | None]:
    return lambda result: result.right if result.item.outcome in outcomes else None


METRICS: Mapping[str, Metric] = {
    "right": Metric("Right decision", "what was expected; all items", lambda result: result.right),
    "call_exact": Metric(
        "Exact call",
        "the expected calls, in any order; items that expect calls",
        lambda result: result.score.call_exact,
    ),
    "right_tool": Metric(
        "Right tool",
        "the expected tools, each as often; items that expect calls",
        lambda result: result.score.right_tool,
    ),
    "right_arguments": Metric(
        "Right arguments",
        "all arguments mean the same; items where the model's tools are right",
        lambda result: result.score.right_arguments,
        paired=False,
    ),
    "abstained": Metric(
        "Abstained rightly",
        "an answer in words; items where no tool fits, or that only chat",
        _right_among("abstain", "chat"),
    ),
    "asked": Metric(
        "Asked rightly", "a question for what is missing; items that lack an argument", _right_among("ask")
    ),
    "abstained_or_asked": Metric(
        "Abstained or asked",
        "either, as expected; items where no tool fits or an argument is missing",
        _right_among("abstain", "ask"),
    ),
    "well_formed": Metric(
        "Well formed",
        "not empty, ended by itself, and each call readable; all items",
        lambda result: result.score.well_formed,
    ),
    "board": Metric(
        "Right by the board",
        "as the public BFCL board counts: what cannot be read is an abstention, what was cut off may be right; "
        "items of BFCL",
        _right_by_the_board,
    ),
}
"""The metrics in the order in which they are shown."""


@dataclass(frozen=True)
class Summary:
    """Rates by metric, overall and per scenario, and how often each failure came."""

    overall: Mapping[str, Rate]
    scenarios: Mapping[str, Mapping[str, Rate]]
    failures: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        return {
            "overall": _rates_to_dict(self.overall),
            "scenarios": {name: _rates_to_dict(rates) for name, rates in self.scenarios.items()},
            "failures": dict(self.failures),
        }


@dataclass(frozen=True)
class Evaluation:
    """All results of one model."""

    label: str
    """How the model is called in reports, such as `base` or `tuned`."""
    results: tuple[ItemResult, ...]

    @classmethod
    def of(
        cls, label: str, items: Sequence[Item], outputs: Sequence[Output], parse: Callable[[str], Reply]
    ) -> Evaluation:
        """Judge one output for each item."""
        pairs = zip(items, outputs, strict=True)
        return cls(label, tuple(ItemResult.of(item, output, parse) for item, output in pairs))

    def summary(self) -> Summary:
        """Count."""
        scenarios = sorted({result.item.scenario for result in self.results})
        return Summary(
            rates(self.results),
            {name: rates([r for r in self.results if r.item.scenario == name]) for name in scenarios},
            failure_counts(self.results),
        )

    def to_dict(self) -> dict[str, Any]:
        return {"label": self.label, "results": [result.to_dict() for result in self.results]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evaluation:
        """The inverse of `to_dict`.

        Raises:
            DataError: a key is absent.
        """
        try:
            return cls(data["label"], tuple(ItemResult.from_dict(result) for result in data["results"]))
        except KeyError as error:
            raise DataError("evaluation", f"no key {error}", "what Evaluation.to_dict wrote") from None


def rates(results: Sequence[ItemResult]) -> dict[str, Rate]:
    """Each metric's rate over the items that it counts."""
    return {name: Rate.of(_verdicts(metric, results)) for name, metric in METRICS.items()}


def _verdicts(metric: Metric, results: Iterable[ItemResult]) -> list[bool]:
    return [verdict for verdict in map(metric.verdict, results) if verdict is not None]


def failure_counts(results: Iterable[ItemResult]) -> dict[str, int]:
    """How often each failure came, in the order of the taxonomy; those that never came are left out."""
    counts = Counter(result.score.failure for result in results)
    return {name: counts[name] for name in FAILURES if counts[name]}


def _rates_to_dict(counted: Mapping[str, Rate]) -> dict[str, Any]:
    return {name: rate.to_dict() for name, rate in counted.items()}
