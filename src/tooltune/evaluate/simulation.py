"""The simulated world of one conversation: it answers calls, and knows what came of them.

A call that means the same as one of the reference's is run as the reference wrote it, so that it ends in the same
result: ids given out are equal wherever the calls are. Where the world does not give the results that
the dataset has (it comes from elsewhere, or its functions were really run), calls of the reference get the dataset's.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from tooltune.evaluate.conversations import Conversation, is_error
from tooltune.evaluate.values import canonical, canonical_call
from tooltune.generate.deeds import changes
from tooltune.generate.world import World
from tooltune.types import Tool, ToolCall
from tooltune.verify.schema import argument_problem


@dataclass(frozen=True)
class Done:
    """A call, and whether it changed anything."""

    call: ToolCall
    key: Hashable
    """Equal for calls that mean the same."""
    changed: bool
    """It succeeded, and its tool is not one that only looks or computes."""


class Script:
    """What simulations of one conversation have in common: its tools, and what the reference called."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.tools = {tool.name: tool for tool in conversation.tools}
        self._schemas = {name: tool.schema() for name, tool in self.tools.items()}
        self.spelled = {self.key(call): call for call in conversation.calls}
        """Each of the reference's calls by its meaning."""

    def key(self, call: ToolCall) -> Hashable:
        """Equal for calls that mean the same, see `values.canonical`."""
        return canonical_call(call, self._schemas.get(call.name))

    @cached_property
    def recorded(self) -> dict[Hashable, list[str]]:
        """Meaning of a call -> its results in the dataset; empty where the world gives the same ones."""
        world, calls = World(), self.conversation.calls
        pairs = list(zip(calls, self.conversation.results, strict=False))
        found: dict[Hashable, list[str]] = defaultdict(list)
        for call, result in pairs:
            found[self.key(call)].append(result)
        return {} if all(_checked(world, call, self.tools) == result for call, result in pairs) else found

    @cached_property
    def replayed(self) -> Simulation:
        """The reference's calls in a world of their own."""
        simulation = Simulation(self)
        for call in self.conversation.calls:
            simulation.run(call)
        return simulation


class Simulation:
    """A world, and the calls that were made in it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.done: list[Done] = []
        self._world = World()
        self._times: Counter[Hashable] = Counter()

    def run(self, call: ToolCall) -> str:
        """Make a call; whatever is wrong with it is told in the result.

        Args:
            call: finite JSON of a usual depth, see `scorers.sound`.

        Returns:
            The JSON text of the result, or of `{"error": "..."}`.
        """
        key = self.script.key(call)
        call = self.script.spelled.get(key, call)
        text = self._result(key, call)
        tool = self.script.tools.get(call.name)
        self.done.append(Done(call, key, tool is not None and changes(tool) and not is_error(text)))
        return text

    def _result(self, key: Hashable, call: ToolCall) -> str:
        """What the world says, or what the dataset says of this call when it is made for this time."""
        recorded, time = self.script.recorded.get(key), self._times[key]
        self._times[key] += 1
        text = _checked(self._world, call, self.script.tools)
        return recorded[min(time, len(recorded) - 1)] if recorded else text

    @property
    def called(self) -> frozenset[Hashable]:
        """The meanings of all calls."""
        return frozenset(done.key for done in self.done)

    @property
    def changed(self) -> Counter[Hashable]:
        """How often each call changed something."""
        return Counter(done.key for done in self.done if done.changed)

    @property
    def state(self) -> dict[tuple[str, str], Hashable]:
        """What calls have made of each thing."""
        return {place: canonical(record) for place, record in self._world.written.items()}


def _checked(world: World, call: ToolCall, tools: dict[str, Tool]) -> str:
    """The result of a call whose arguments may not fit."""
    try:
        problem = argument_problem(tools[call.name], call.arguments) if call.name in tools else None
        return error(f"The arguments do not fit: {problem}") if problem else world.execute(call, list(tools.values()))
    except (ValueError, OverflowError):  # characters that UTF-8 lacks, numbers beyond those of a machine
        return error("The arguments do not fit")


def error(text: str) -> str:
    """A result that is an error, as the world words one."""
    return json.dumps({"error": text}, ensure_ascii=False)
