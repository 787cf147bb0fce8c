"""Verifies whole datasets, also ones made elsewhere: what fails, repeats, leaks, and how varied the rest is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tooltune.types import Example, Tool
from tooltune.verify.contamination import QUERY_KINDS, TOOL_KINDS, ContaminationReport, Gate
from tooltune.verify.diversity import Diversity, DiversityMeter
from tooltune.verify.duplicates import DuplicateIndex, DuplicateReport
from tooltune.verify.examples import Executor, verify_example
from tooltune.verify.words import called

MOST_NEAR_DUPLICATES = 0.03
"""Share of near-duplicates above which a warning is given."""


@dataclass
class VerificationReport:
    """How many examples hold, and why the others do not."""

    examples: int = 0
    scenarios: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """First failing step of each example that fails -> how often."""
    first: dict[str, str] = field(default_factory=dict)
    """Step -> its first failing example and why."""
    failing: list[int] = field(default_factory=list)
    """The examples that fail, counted from 1."""
    duplicates: DuplicateReport = field(default_factory=DuplicateReport)
    contamination: ContaminationReport | None = None
    """None if the dataset was compared with nothing."""
    diversity: Diversity | None = None

    @property
    def failed(self) -> int:
        """Examples that fail."""
        return sum(self.failures.values())

    @property
    def accepted(self) -> bool:
        """Whether every example holds and none is contaminated; near-duplicates only give a warning."""
        return not self.failed and not (self.contamination and self.contamination.examples)

    def to_dict(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "examples": self.examples,
            "failed": self.failed,
            "scenarios": dict(self.scenarios),
            "failures": dict(self.failures),
            "first": dict(self.first),
            "failing": list(self.failing),
            "near_duplicates": self.duplicates.to_dict(),
            "contamination": self.contamination.to_dict() if self.contamination else None,
            "diversity": self.diversity.to_dict() if self.diversity else None,
        }

    def to_text(self) -> str:
        """A line for the whole, one for each kind of failure, then the table."""
        lines = [f"{self.examples} examples, {self.examples - self.failed} hold, {self.failed} fail"]
        for step, count in self.failures.most_common():
            lines.append(f"  {step}: {count}, first {self.first[step]}")
        rows = [*self._scenario_rows(), *_duplicate_rows(self.duplicates)]
        if self.contamination is not None:
            rows += _contamination_rows(self.contamination)
        if self.diversity is not None:
            rows += _diversity_rows(self.diversity)
        lines += [f"  {name:<26} {value}" for name, value in rows]
        if self.duplicates.share > MOST_NEAR_DUPLICATES:
            lines.append(f"Warning: more than {MOST_NEAR_DUPLICATES:.0%} of the examples resemble an earlier one")
        return "\n".join(lines)

    def _scenario_rows(self) -> list[tuple[str, str]]:
        return [(f"scenario {name}", _share(count, self.examples)) for name, count in self.scenarios.most_common()]


def verify_dataset(
    examples: Iterable[Example],
    execute: Executor | None = None,
    replays: Callable[[Tool], bool] = lambda tool: True,
    gate: Gate | None = None,
) -> VerificationReport:
    """Verify every example, and look at the whole: near-duplicates, contamination, diversity.

    Args:
        examples: a dataset, read as a stream.
        execute: runs a call, to replay the recorded results.
        replays: whether `execute` knows a tool; examples that call others are not replayed.
        gate: held-out questions and tools that the dataset must not contain.
    """
    report = VerificationReport()
    if gate is not None:
        report.contamination = ContaminationReport(gate.questions, gate.tools)
    index, meter = DuplicateIndex(), DiversityMeter()
    for number, example in enumerate(examples, start=1):
        report.examples += 1
        report.scenarios[str(example.metadata.get("scenario", "unnamed"))] += 1
        known = execute is not None and all(replays(tool) for tool in _called(example))
        _count_failure(report, number, verify_example(example, execute if known else None))
        report.duplicates.add(index.add(number, example))
        meter.add(example)
        if gate is not None and report.contamination is not None:
            report.contamination.add(number, gate.check(example))
    report.diversity = meter.result()
    return report


def _count_failure(report: VerificationReport, number: int, reason: str | None) -> None:
    if reason is None:
        return
    step, _, detail = reason.partition(": ")
    report.failing.append(number)
    report.failures[step] += 1
    report.first.setdefault(step, f"example {number}: {detail}")


def _called(example: Example) -> list[Tool]:
    names = called(example)
    return [tool for tool in example.tools if tool.name in names]


def _share(count: int, total: int) -> str:
    return f"{count} ({count / max(1, total):.1%})"


def _duplicate_rows(report: DuplicateReport) -> list[tuple[str, str]]:
    text = _share(len(report.pairs), report.examples)
    if report.pairs:
        text += f", first example {report.pairs[0].example} like example {report.pairs[0].first}"
    return [("near-duplicates", text)]


def _contamination_rows(report: ContaminationReport) -> list[tuple[str, str]]:
    against = f"{len(report.examples)}, against {report.questions} questions and {report.tools} tools"
    rows = [("contaminated", against)]
    for kind in (kind for kind in (*QUERY_KINDS, *TOOL_KINDS) if kind in report.first):
        numbers, first = report.by_kind[kind], report.first[kind]
        shown = first.shared if len(first.shared) <= 60 else first.shared[:57] + "..."
        rows.append((f"  {kind}", f"{len(numbers)}, first example {numbers[0]}: {shown!r} in {first.where}"))
    return rows


def _diversity_rows(found: Diversity) -> list[tuple[str, str]]:
    sizes = ", ".join(f"{found.distinct[n]} ({found.distinct_share[n]:.1%})" for n in found.distinct)
    return [
        ("distinct 1- to 4-grams", sizes),
        ("argument entropy", f"{found.argument_entropy:.2f} bits, mean of {found.parameters} parameters"),
        ("overlap with the nearest", f"{found.self_overlap:.1%} of 4-grams, in a sample of {found.sample}"),
    ]
