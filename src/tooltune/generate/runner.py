"""From tools to verified examples, the same for the same seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random
from typing import Any

from tooltune.errors import ConfigError, ToolDefinitionError
from tooltune.generate.phrasing import ToolPhrasing
from tooltune.generate.phrasing.model import Part
from tooltune.generate.scenarios import SCENARIOS, shares_for
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.variants import renamed
from tooltune.generate.world import World
from tooltune.types import Example, Message, Tool
from tooltune.verify import verify_example

SYSTEM_SHARE = 0.1
# How many tools are in view: mostly 3 to 5; more than 6 are rarer the more they are.
_SIZE_WEIGHTS = (7, 12, 23, 26, 20, 12)
_NEIGHBOURS = 0.5
_ABSENT = 12
_TRIES = 40
_TALK = ("no_tool", "chat")
_CALLING = (
    "single",
    "selection",
    "parallel",
    "many_calls",
    "chain",
    "long_chain",
    "multi_turn",
    "relative_date",
    "tool_error",
)
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass
class GenerationReport:
    """What was kept and what was dropped."""

    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(scenario, split) -> examples."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason -> tries that were replaced."""
    families: dict[str, Counter[str]] = field(default_factory=lambda: {"train": Counter(), "held_out": Counter()})
    """Split -> family of wording -> examples."""

    def add(self, example: Example) -> None:
        """Count a kept example."""
        split = example.metadata["split"]
        self.kept[example.metadata["scenario"], split] += 1
        self.families[split].update(example.metadata["families"])

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


@dataclass(frozen=True)
class _Plan:
    """What is settled before any example is made."""

    catalogue: Catalogue
    seed: int
    group_size: int
    max_tools: int
    shares: tuple[tuple[str, float], ...]
    renamed: float = 0.0
    answered: float = 1.0

    def scenario(self, part: Part, index: int) -> str:
        """The scenario of an example: shares are kept closely even in a small run."""
        start = Random(f"{self.seed}:{part}").random()
        point = (start + index * _GOLDEN) % 1.0
        for name, share in self.shares:
            point -= share
            if point < 0:
                return name
        return self.shares[-1][0]

    def tools(self, part: Part, group: int) -> tuple[Tool, ...]:
        """The tools that the examples of a group share: what their scenarios need, and others."""
        rng = Random(f"{self.seed}:{part}:tools:{group}")
        chosen: list[Tool] = []
        scenarios = {self.scenario(part, i) for i in range(group * self.group_size, (group + 1) * self.group_size)}
        for name in (
            name for name in ("chain", "long_chain", "multi_turn", "selection", *SCENARIOS) if name in scenarios
        ):
            chosen += SCENARIOS[name].needs(self.catalogue, rng, chosen)
        sizes = range(1, self.max_tools + 1)
        wanted = rng.choices(sizes, [_size_weight(size) for size in sizes])[0] - len(chosen)
        chosen += self._others(chosen, wanted, rng)
        rng.shuffle(chosen)
        return tuple(chosen)

    def view(self, part: Part, group: int) -> tuple[Catalogue, tuple[Tool, ...]]:
        """The tools of a group, and all tools with their wording; in a share of groups under other names."""
        tools = self.tools(part, group)
        rng = Random(f"{self.seed}:{part}:names:{group}")
        if rng.random() >= self.renamed:
            return self.catalogue, tools
        known = self.catalogue.phrasings
        pairs = [
            (t, known[t.name]) if t.name in self.catalogue.written else renamed(t, known[t.name], rng) for t in tools
        ]
        names = {tool.name for tool in tools} | {tool.name for tool, _ in pairs}
        others = [tool for tool in self.catalogue.tools if tool.name not in names]
        others = rng.sample(others, min(len(others), _ABSENT))
        wording = {tool.name: phrasing for tool, phrasing in pairs} | {tool.name: known[tool.name] for tool in others}
        chosen = tuple(tool for tool, _ in pairs)
        return Catalogue((*chosen, *others), wording), chosen

    def _others(self, chosen: Sequence[Tool], count: int, rng: Random) -> list[Tool]:
        """Distractors; of tools that belong to a field, half are of the same."""
        taken = {tool.name for tool in chosen}
        others = [tool for tool in self.catalogue.tools if tool.name not in taken]
        count = max(0, min(count, len(others)))
        domains = {self.catalogue.phrasings[tool.name].domain for tool in chosen} - {""}
        near = [tool for tool in others if self.catalogue.phrasings[tool.name].domain in domains]
        picked = rng.sample(near, min(len(near), sum(rng.random() < _NEIGHBOURS for _ in range(count)))) if near else []
        taken = {tool.name for tool in picked}
        return picked + rng.sample([tool for tool in others if tool.name not in taken], count - len(picked))


def _size_weight(size: int) -> float:
    return _SIZE_WEIGHTS[size - 1] if size <= len(_SIZE_WEIGHTS) else 12 * len(_SIZE_WEIGHTS) / size


def generate_examples(
    tools: Sequence[Tool],
    num_examples: int,
    seed: int,
    held_out_share: float = 0.1,
    examples_per_tool_set: int = 1,
    report: GenerationReport | None = None,
    max_tools_in_view: int = 6,
    wording: Mapping[str, ToolPhrasing] | None = None,
    shares: Mapping[str, float] | None = None,
    renamed_share: float = 0.0,
    answered_share: float = 1.0,
) -> Iterator[Example]:
    """Make verified examples: first those for training, then the held-out ones.

    Example i depends on the seed, i and its tool set only, except that a repetition of an earlier
    example is replaced.

    Args:
        tools: what the examples are about; any definitions.
        num_examples: how many, both parts together.
        seed: the same seed gives the same examples.
        held_out_share: the share, rounded to whole examples, whose wording comes from families that
            no training example uses.
        examples_per_tool_set: how many consecutive examples share their tools, in the same order.
        report: filled in on the way.
        max_tools_in_view: most tools that an example shows; a chain may need one or two more.
        wording: tool name -> its wording, for tools that bring theirs.
        shares: scenario -> share, in place of the usual ones; in any unit.
        renamed_share: share of the tool sets that are shown under other names, see `variants`.
        answered_share: share of the training examples with calls that are kept to their end; others are
            verified whole and then end with their last call.

    Raises:
        ConfigError: a number is out of range.
        ToolDefinitionError: no tools, two of one name, or tools that no valid example can be made for.
    """
    _check(tools, num_examples, held_out_share, examples_per_tool_set)
    catalogue = Catalogue(tuple(tools), wording or {})
    mix = tuple(shares_for(catalogue, shares or {}).items())
    plan = _Plan(catalogue, seed, examples_per_tool_set, max_tools_in_view, mix, renamed_share, answered_share)
    return _generate(plan, num_examples, round(num_examples * held_out_share), report or GenerationReport())


def _generate(plan: _Plan, total: int, held_out: int, report: GenerationReport) -> Iterator[Example]:
    seen: set[str] = set()
    view = lru_cache(maxsize=2)(plan.view)
    for i in range(total):
        part: Part = "train" if i < total - held_out else "held_out"
        index = i if part == "train" else i - (total - held_out)
        catalogue, tools = view(part, index // plan.group_size)
        example = _one(plan, part, i, index, catalogue, tools, seen, report)
        report.add(example)
        whole = part == "held_out" or Random(f"{plan.seed}:{i}:end").random() < plan.answered
        yield example if whole else ending_with_its_call(example)


def ending_with_its_call(example: Example) -> Example:
    """The example up to its last turn with calls, marked as such; one without calls as it is."""
    last = max((i for i, message in enumerate(example.messages) if message.tool_calls), default=None)
    if last is None:
        return example
    return replace(example, messages=example.messages[: last + 1], metadata={**example.metadata, "ends": "call"})


def _one(
    plan: _Plan,
    part: Part,
    i: int,
    index: int,
    catalogue: Catalogue,
    tools: tuple[Tool, ...],
    seen: set[str],
    report: GenerationReport,
) -> Example:
    """Example i: its own scenario if at all possible, else the next one that works.

    Neither talk nor a question stands in for calls: tools that no call can be made for are an error.
    """
    wanted = plan.scenario(part, index)
    stand_ins = _TALK if wanted in _TALK else _CALLING
    others = [name for name, _ in plan.shares if name != wanted and name in stand_ins]
    for name in (wanted, *others):
        for attempt in range(_TRIES):
            rng = Random(f"{plan.seed}:{i}" if name == wanted and not attempt else f"{plan.seed}:{i}:{name}:{attempt}")
            reason, example = _attempt(catalogue, name, part, tools, rng, seen)
            if example is not None:
                return example
            if reason:
                report.dropped[reason] += 1
    raise ToolDefinitionError(
        f"example {i}",
        f"no further example could be made with {', '.join(tool.name for tool in tools)}; "
        f"reasons so far: {dict(report.dropped.most_common(3))}",
        "tools that allow enough different examples",
        "Ask for fewer examples, or add tools, parameters or `examples` of their values.",
    )


def _attempt(
    catalogue: Catalogue, name: str, part: Part, tools: tuple[Tool, ...], rng: Random, seen: set[str]
) -> tuple[str, Example | None]:
    """A try at an example: the example, or the reason why it is dropped ("" when none was drawn)."""
    # Under other names, tools may allow less than they did.
    if not SCENARIOS[name].possible(catalogue) or SCENARIOS[name].needs(catalogue, rng, list(tools)):
        return "", None
    scene = Scene(catalogue, tools, part, rng)
    draft = SCENARIOS[name].build(scene)
    if draft is None:
        return "", None
    example = _example(scene, name, draft)
    problem = verify_example(example, World().execute)
    if problem is not None:
        return problem.partition(":")[0], None
    key = _identity(example)
    if key in seen:
        return "duplicate", None
    seen.add(key)
    return "", example


def _example(scene: Scene, name: str, draft: Draft) -> Example:
    metadata: dict[str, Any] = {"scenario": name, "split": scene.part, "families": list(scene.families)}
    if draft.missing:
        metadata["missing"] = list(draft.missing)
    messages = draft.messages
    said = "\n".join(message.content.lower() for message in messages if message.role == "user")
    implied = [
        entry for i, entry in enumerate(scene.implied) if entry not in scene.implied[:i] and entry[3].lower() in said
    ]
    if implied:
        metadata["implied"] = implied
    if messages[0].role != "system" and scene.rng.random() < SYSTEM_SHARE:
        messages = [Message("system", scene.line("system")), *messages]
    return Example(tuple(messages), scene.tools, metadata)


def _identity(example: Example) -> str:
    """What makes two examples the same: the user's texts and the calls; without calls, the tools too."""
    said = [message.content.lower() for message in example.messages if message.role == "user"]
    calls = [repr(call) for message in example.messages for call in message.tool_calls]
    return repr((said, calls or sorted(tool.name for tool in example.tools)))


def _check(tools: Sequence[Tool], num_examples: int, held_out_share: float, group_size: int) -> None:
    if num_examples < 1:
        raise ConfigError("num_examples", str(num_examples), "1 or more")
    if not 0 <= held_out_share < 1:
        raise ConfigError("held_out_share", str(held_out_share), "from 0 to below 1")
    if group_size < 1:
        raise ConfigError("examples_per_tool_set", str(group_size), "1 or more")
    if not tools:
        raise ToolDefinitionError("tools", "none", "at least one tool")
    for name, count in Counter(tool.name for tool in tools).items():
        if count > 1:
            raise ToolDefinitionError(f"tool {name!r}", f"defined {count} times", "different names")
