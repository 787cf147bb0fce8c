"""From tools to verified examples, the same for the same seed.

Candidate i depends on the seed and i alone, so that any process can make it. That no two examples are the
same is settled afterwards in one pass in order (`generate.distinct`): a candidate that repeats an earlier example
goes on with its next try.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from random import Random
from typing import Any

from tooltune.errors import ConfigError, ToolDefinitionError
from tooltune.generate.attempt import SAME, UNCLEAR, attempt
from tooltune.generate.definitions import defined_otherwise
from tooltune.generate.distinct import Candidate, distinct
from tooltune.generate.phrasing import ToolPhrasing, phrasing_for
from tooltune.generate.phrasing.model import Part
from tooltune.generate.report import GenerationReport
from tooltune.generate.sameness import asked, identity
from tooltune.generate.scenarios import SCENARIOS, shares_for
from tooltune.generate.scene import Catalogue
from tooltune.generate.variants import renamed
from tooltune.tools import PythonFunctions
from tooltune.types import Example, Tool

# How many tools are in view: mostly 3 to 5; more than 6 are rarer the more they are.
_SIZE_WEIGHTS = (7, 12, 23, 26, 20, 12)
_MOST_TOOLS = 40
_NEIGHBOURS = 0.5
_ABSENT = 12
_TRIES = 40
_TOOL_SETS = 20
"""So many tool sets are tried where the first ones allow nothing new: a tool with few values has few requests."""
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
_MOST_OF_SAME = 8
"""So often that is not taken: real calls take their time, and some functions never do anything else."""
_UNKNOWN = "its values or results would be made up"
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Plan:
    """What is settled before any example is made."""

    catalogue: Catalogue
    total: int
    held_out: int
    """How many of `total`, the last ones, are held out."""
    seed: int
    group_size: int
    max_tools: int
    shares: tuple[tuple[str, float], ...]
    renamed: float = 0.0
    answered: float = 1.0
    one_tool: float = 0.0
    all_tools: float = 0.0
    plain_wording: float = 0.0

    @cached_property
    def _plainly(self) -> Catalogue:
        """The tools worded from their definitions, with their fields, and the values that were written for them."""
        given = self.catalogue.wording
        fields = {name: phrasing.domain for name, phrasing in given.items()}
        wording = {
            tool.name: _from_definition(tool, given[tool.name]) for tool in self.catalogue.tools if tool.name in given
        }
        return replace(self.catalogue, wording=wording, fields=fields)

    def _worded(self, part: Part, group: int) -> Catalogue:
        """The tools, in a share of groups worded from their definitions alone."""
        if not self.plain_wording:
            return self.catalogue
        drawn = Random(f"{self.seed}:{part}:wording:{group}").random()
        return self._plainly if drawn < self.plain_wording else self.catalogue

    def callable(self) -> dict[str, str]:
        """Tool -> why it is hardly ever called, or ""."""
        clear = {tool.name for tool in self.catalogue.clear} or self.catalogue.by_name.keys()
        reasons = {name: _UNKNOWN if name in self.catalogue.unknown else UNCLEAR for name in self.catalogue.by_name}
        return {name: "" if name in clear else reason for name, reason in reasons.items()}

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
        rng, catalogue = Random(f"{self.seed}:{part}:tools:{group}"), self._worded(part, group)
        if self.one_tool and rng.random() < self.one_tool:
            able = catalogue.clear or catalogue.tools
            return (rng.choice([tool for tool in able if tool.parameters] or able),)
        chosen: list[Tool] = []
        scenarios = {self.scenario(part, i) for i in range(group * self.group_size, (group + 1) * self.group_size)}
        for name in ("chain", "long_chain", "multi_turn", "selection", *SCENARIOS):
            # What the tools' own wording allows, wording from their definitions need not.
            if name in scenarios and SCENARIOS[name].possible(catalogue):
                chosen += SCENARIOS[name].needs(catalogue, rng, chosen)
        chosen += self._others(chosen, self._size(rng) - len(chosen), rng)
        chosen += _askable(catalogue, chosen, rng)
        rng.shuffle(chosen)
        return tuple(chosen)

    def _size(self, rng: Random) -> int:
        """How many tools a group shows, if its scenarios do not need more."""
        if self.all_tools and rng.random() < self.all_tools:
            return min(len(self.catalogue.tools), _MOST_TOOLS)
        sizes = range(1, self.max_tools + 1)
        return rng.choices(sizes, [_size_weight(size) for size in sizes])[0]

    def view(self, part: Part, group: int) -> tuple[Catalogue, tuple[Tool, ...]]:
        """The tools of a group, and all tools with their wording; some groups have other names or definitions."""
        tools, catalogue = self.tools(part, group), self._worded(part, group)
        rng = Random(f"{self.seed}:{part}:names:{group}")
        known, fixed = catalogue.phrasings, catalogue.written | catalogue.executed
        pairs = [(tool, known[tool.name]) for tool in tools]
        if rng.random() < self.renamed:
            pairs = [pair if pair[0].name in fixed else renamed(*pair, rng) for pair in pairs]
        if self.renamed:
            pairs = defined_otherwise(pairs, rng)
        chosen = tuple(tool for tool, _ in pairs)
        if chosen == tools:
            return catalogue, tools
        names = {tool.name for tool in (*tools, *chosen)}
        others = [tool for tool in catalogue.tools if tool.name not in names]
        others = rng.sample(others, min(len(others), _ABSENT))
        wording = {tool.name: phrasing for tool, phrasing in pairs} | {tool.name: known[tool.name] for tool in others}
        return replace(catalogue, tools=(*chosen, *others), wording=wording), chosen

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

    @cached_property
    def _view(self) -> Callable[[Part, int], tuple[Catalogue, tuple[Tool, ...]]]:
        return lru_cache(maxsize=2)(self.view)

    def __getstate__(self) -> dict[str, Any]:
        """All but the cache, which another process makes anew."""
        return {key: value for key, value in self.__dict__.items() if key != "_view"}

    def candidate(self, i: int, first: int = 0, dropped: Mapping[str, int] | None = None) -> Candidate[Example]:
        """Candidate i.

        Args:
            i: which, from 0 to below `total`.
            first: the try to begin with.
            dropped: reasons that count as the new candidate's.

        Raises:
            ToolDefinitionError: no try is left.
        """
        part: Part = "train" if i < self.total - self.held_out else "held_out"
        index = i if part == "train" else i - (self.total - self.held_out)
        reasons = Counter(dropped or {})
        for number, (group, name, rng, clear) in islice(enumerate(self._tries(part, i, index)), first, None):
            catalogue, tools = self._view(part, group)
            differs = clear and reasons[SAME] < _MOST_OF_SAME
            reason, example = attempt(catalogue, name, part, tools, rng, clear, differs)
            if example is not None:
                return self._found(i, number + 1, reasons, example, self._own_names(part, group, tools))
            reasons.update([reason] if reason else [])
        raise _no_further(i, self._view(part, index // self.group_size)[1], reasons)

    def _tries(self, part: Part, i: int, index: int) -> Iterator[tuple[int, str, Random, bool]]:
        """Tool set, scenario and chance of each try at example i.

        That is its own scenario if at all possible, else the next that works, and other tools only where its own
        allow nothing that is not there already. The fourth says whether only clear tools may be called; in the end,
        any may.

        Neither talk nor a question stands in for calls: tools that no call can be made for are an error.
        """
        wanted = self.scenario(part, index)
        stand_ins = _TALK if wanted in _TALK else _CALLING
        others = [name for name, _ in self.shares if name != wanted and name in stand_ins]
        group = index // self.group_size
        yield group, wanted, Random(f"{self.seed}:{i}"), True
        for clear in (True, False):
            for name in (wanted, *others):
                for number in range(name == wanted, _TRIES):
                    yield group, name, Random(f"{self.seed}:{i}:{name}:{number}"), clear
        for name in (wanted, *others):
            for further in range(1, _TOOL_SETS):
                for number in range(_TRIES):
                    chance = Random(f"{self.seed}:{i}:{name}:{further}:{number}")
                    yield group + further * (self.total + 1), name, chance, True

    def _own_names(self, part: Part, group: int, shown: Sequence[Tool]) -> Mapping[str, str]:
        """Name in view -> name, for the tools of an example."""
        own = self.tools(part, group) if self.renamed else shown
        return {there.name: tool.name for there, tool in zip(shown, own, strict=True)}

    def _found(
        self, i: int, tries: int, reasons: Mapping[str, int], example: Example, own: Mapping[str, str]
    ) -> Candidate[Example]:
        kept = example
        if example.metadata["split"] == "train" and Random(f"{self.seed}:{i}:end").random() >= self.answered:
            kept = ending_with_its_call(example)
        scenario, split, families = (example.metadata[name] for name in ("scenario", "split", "families"))
        called = list(dict.fromkeys(own[call.name] for message in kept.messages for call in message.tool_calls))
        return Candidate(i, identity(example), asked(example), tries, reasons, scenario, split, families, called, kept)


def _no_further(i: int, tools: Sequence[Tool], reasons: Counter[str]) -> ToolDefinitionError:
    return ToolDefinitionError(
        f"example {i}",
        f"no further example could be made with {', '.join(tool.name for tool in tools)}; "
        f"reasons so far: {dict(reasons.most_common(3))}",
        "tools that allow enough different examples",
        "Ask for fewer examples, or add tools, parameters or `examples` of their values.",
    )


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
    """Make verified examples: first those for training, then the held-out ones; arguments as for `make_plan`.

    Example i depends on the seed and i only, except that a repetition of an earlier example is replaced.

    Raises:
        ConfigError: a number is out of range.
        ToolDefinitionError: no tools, two of one name, or tools that no valid example can be made for.
    """
    plan = make_plan(
        tools, num_examples, seed, held_out_share, examples_per_tool_set, max_tools_in_view, wording, shares,
        renamed_share, answered_share,
    )  # fmt: skip
    return examples_of(plan, report)


def examples_of(plan: Plan, report: GenerationReport | None = None) -> Iterator[Example]:
    """All examples of a plan, in order; `report` is filled in on the way."""
    candidates = map(plan.candidate, range(plan.total))
    report = GenerationReport() if report is None else report
    report.tools = plan.callable()
    kept = distinct(candidates, lambda c: again(plan, c), report)
    return (candidate.content for candidate in kept)


def make_plan(
    tools: Sequence[Tool],
    num_examples: int,
    seed: int,
    held_out_share: float = 0.1,
    examples_per_tool_set: int = 1,
    max_tools_in_view: int = 6,
    wording: Mapping[str, ToolPhrasing] | None = None,
    shares: Mapping[str, float] | None = None,
    renamed_share: float = 0.0,
    answered_share: float = 1.0,
    one_tool_share: float = 0.0,
    all_tools_share: float = 0.0,
    plain_wording_share: float = 0.0,
    functions: PythonFunctions | None = None,
) -> Plan:
    """Settle what every example depends on.

    Args:
        tools: what the examples are about; any definitions.
        num_examples: how many, both parts together.
        seed: the same seed gives the same examples.
        held_out_share: the share, rounded to whole examples, whose wording comes from families that
            no training example uses.
        examples_per_tool_set: how many consecutive examples share their tools, in the same order.
        max_tools_in_view: most tools that an example shows; a chain may need one or two more.
        wording: tool name -> its wording, for tools that bring theirs.
        shares: scenario -> share, in place of the usual ones; in any unit.
        renamed_share: share of the tool sets that are shown under other names, see `variants`; above 0, tools of the
            catalogue have other definitions too, see `definitions`.
        answered_share: share of the training examples with calls that are kept to their end; others are
            verified whole and then end with their last call.
        one_tool_share: share of the tool sets that are one tool alone, whatever scenarios they were drawn for;
            scenarios that need more give way to others.
        all_tools_share: share of the other tool sets that show all tools, at most 40.
        plain_wording_share: share of the tool sets that are asked for as any foreign tool is, even if a wording
            came with them.
        functions: really run when they are called, in place of the simulated world.

    Raises:
        ConfigError: a number is out of range.
        ToolDefinitionError: no tools, or two of one name.
    """
    _check(tools, num_examples, held_out_share, examples_per_tool_set)
    catalogue = Catalogue(tuple(tools), wording or {}, functions)
    mix = tuple(shares_for(catalogue, shares or {}).items())
    held_out = round(num_examples * held_out_share)
    return Plan(
        catalogue, num_examples, held_out, seed, examples_per_tool_set, max_tools_in_view, mix,
        renamed_share, answered_share, one_tool_share, all_tools_share, plain_wording_share,
    )  # fmt: skip


def _from_definition(tool: Tool, written: ToolPhrasing) -> ToolPhrasing:
    """Wording made from a tool's definition, with the values that were written for it."""
    made = phrasing_for(tool)
    said = {path: words for path, words in written.words.items() if path in written.values}
    return replace(made, values={**made.values, **written.values}, words={**said, **made.words})


def _askable(catalogue: Catalogue, chosen: Sequence[Tool], rng: Random) -> list[Tool]:
    """A clear tool with arguments, if there are tools in view that are not clear, and no such one."""
    clear = {tool.name for tool in catalogue.clear if tool.parameters}
    if (
        clear
        and not all(catalogue.phrasings[t.name].clear for t in chosen)
        and clear.isdisjoint(t.name for t in chosen)
    ):
        return [catalogue.by_name[rng.choice(sorted(clear))]]
    return []


def again(plan: Plan, repeated: Candidate[Any]) -> Candidate[Example]:
    """The candidate in place of one that repeats an earlier example."""
    return plan.candidate(repeated.index, repeated.tries, {"duplicate": 1})


def ending_with_its_call(example: Example) -> Example:
    """The example up to its last turn with calls, marked as such; one without calls as it is."""
    last = max((i for i, message in enumerate(example.messages) if message.tool_calls), default=None)
    if last is None:
        return example
    return replace(example, messages=example.messages[: last + 1], metadata={**example.metadata, "ends": "call"})


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
