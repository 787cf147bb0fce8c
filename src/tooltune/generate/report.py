"""What generation kept and what it dropped, counted on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class GenerationReport:
    """What was kept and what was dropped."""

    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(scenario, split) -> examples."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason -> tries that were replaced."""
    families: dict[str, Counter[str]] = field(default_factory=lambda: {"train": Counter(), "held_out": Counter()})
    """Split -> family of wording -> examples."""

    def add(self, scenario: str, split: str, families: Iterable[str]) -> None:
        """Count a kept example."""
        self.kept[scenario, split] += 1
        self.families[split].update(families)

    def to_dict(self) -> dict[str, Any]:
        """JSON: counts and shares by scenario, counts by split, drop reasons, families."""
        by_scenario: Counter[str] = Counter()
        by_split: Counter[str] = Counter()
        for (scenario, split), count in self.kept.items():
            by_scenario[scenario] += count
            by_split[split] += count
        total = max(1, sum(by_split.values()))
        return {
            "kept": sum(by_split.values()),
            "by_split": dict(by_split),
            "by_scenario": dict(by_scenario),
            "shares": {name: round(count / total, 4) for name, count in by_scenario.items()},
            "dropped": dict(self.dropped),
            "families": {split: len(counts) for split, counts in self.families.items()},
        }

    def to_text(self) -> str:
        """What a person wants to know: how many of each scenario, and what was replaced."""
        counts = self.to_dict()
        splits = counts["by_split"]
        mix = ", ".join(f"{name} {count}" for name, count in sorted(counts["by_scenario"].items()))
        lines = [
            f"  {counts['kept']} examples: {splits.get('train', 0)} to train on, {splits.get('held_out', 0)} held out",
            f"  {mix}",
        ]
        if self.dropped:
            reasons = ", ".join(f"{reason} {count}" for reason, count in self.dropped.most_common(5))
            lines.append(f"  {sum(self.dropped.values())} tries replaced: {reasons}")
        return "\n".join(lines)
