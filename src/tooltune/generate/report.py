"""What generation kept and what it dropped, counted on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_BY_CHANCE = "not drawn; more examples may call them"
_SHOWN = 5
"""Tools that are named in the text; the dictionary names all."""


@dataclass
class GenerationReport:
    """What was kept and what was dropped."""

    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(scenario, split) -> examples."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason -> tries that were replaced."""
    families: dict[str, Counter[str]] = field(default_factory=lambda: {"train": Counter(), "held_out": Counter()})
    """Split -> family of wording -> examples."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Tool -> why it is hardly ever called, as far as that is known, else ""."""
    called: Counter[str] = field(default_factory=Counter)
    """Tool -> examples that call it."""

    def add(self, scenario: str, split: str, families: Iterable[str], called: Iterable[str] = ()) -> None:
        """Count a kept example."""
        self.called.update(called)
        self.kept[scenario, split] += 1
        self.families[split].update(families)

    def never_called(self) -> dict[str, str]:
        """Tool that no example calls -> why, or "" where nothing but chance is known to be the reason."""
        return {name: why for name, why in self.tools.items() if name not in self.called}

    def to_dict(self) -> dict[str, Any]:
        """JSON: counts and shares by scenario, counts by split, drop reasons, families, tools never called."""
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
            "never_called": self.never_called(),
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
        return "\n".join([*lines, *self._about_uncalled()])

    def _about_uncalled(self) -> Iterator[str]:
        """Which tools no example calls, by the reason."""
        never = self.never_called()
        for why in sorted(set(never.values()), reverse=True):
            names = [name for name, reason in never.items() if reason == why]
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield f"  never called: {', '.join(names[:_SHOWN])}{more} ({why or _BY_CHANCE})"
