"""Verifies whole datasets, also ones made elsewhere, and counts what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tooltune.types import Example, Tool
from tooltune.verify.examples import Executor, verify_example


@dataclass
class VerificationReport:
    """How many examples hold, and why the others do not."""

    examples: int = 0
    scenarios: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """First failing step of each example that fails -> how often."""
    first: dict[str, str] = field(default_factory=dict)
    """Step -> its first failing example and why."""

    @property
    def failed(self) -> int:
        """Examples that fail."""
        return sum(self.failures.values())

    def to_dict(self) -> dict[str, Any]:
        return {
            "examples": self.examples,
            "failed": self.failed,
            "scenarios": dict(self.scenarios),
            "failures": dict(self.failures),
            "first": dict(self.first),
        }

    def to_text(self) -> str:
        """A line for the whole, then one for each kind of failure."""
        lines = [f"{self.examples} examples, {self.examples - self.failed} hold, {self.failed} fail"]
        for step, count in self.failures.most_common():
            lines.append(f"  {step}: {count}, first {self.first[step]}")
        return "\n".join(lines)


def verify_dataset(
    examples: Iterable[Example],
    execute: Executor | None = None,
    replays: Callable[[Tool], bool] = lambda tool: True,
) -> VerificationReport:
    """Verify every example.

    Args:
        examples: a dataset, read as a stream.
        execute: runs a call, to replay the recorded results.
        replays: whether `execute` knows a tool; examples that call others are not replayed.
    """
    report = VerificationReport()
    for number, example in enumerate(examples, start=1):
        report.examples += 1
        report.scenarios[str(example.metadata.get("scenario", "unnamed"))] += 1
        known = execute is not None and all(replays(tool) for tool in _called(example))
        reason = verify_example(example, execute if known else None)
        if reason is not None:
            step, _, detail = reason.partition(": ")
            report.failures[step] += 1
            report.first.setdefault(step, f"example {number}: {detail}")
    return report


def _called(example: Example) -> list[Tool]:
    names = {call.name for message in example.messages for call in message.tool_calls}
    return [tool for tool in example.tools if tool.name in names]
