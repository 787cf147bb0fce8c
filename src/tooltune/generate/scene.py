"""What a scenario has to work with: the tools in view, the part, chance, and words for both sides."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

from tooltune.example_tools import is_example_tool
from tooltune.generate.deeds import deed_of
from tooltune.generate.known import in_repositories, is_known
from tooltune.generate.links import Link, links_between
from tooltune.generate.names import is_place
from tooltune.generate.phrasing import Chain, Frame, Split, ToolPhrasing, library, phrasing_for
from tooltune.generate.phrasing.actions import action_of
from tooltune.generate.phrasing.generic import linked_clauses
from tooltune.generate.phrasing.model import Part
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.relative import speaking_of_dates
from tooltune.generate.speech import Speaker, Spoken, speak, styled
from tooltune.generate.surfaces import join, spaced
from tooltune.generate.telling import told
from tooltune.generate.world import World
from tooltune.tools import PythonFunctions
from tooltune.types import Message, Tool, ToolCall

# Verbs that many tools share: tools alike in these only are not alike.
_COMMON_VERBS = {
    "get",
    "set",
    "create",
    "update",
    "delete",
    "list",
    "find",
    "search",
    "add",
    "remove",
    "send",
}


_ENOUGH = 12
"""So many tools make examples of all kinds; with fewer, each of them is needed."""
_COMPOUND = re.compile(r"\b\w+-(?:\w+ed)\b")
_GREETED, _GREETED_FOREIGN = 0.08, 0.25
"""How often a greeting stands before a request, and thanks after it: more where few other words vary."""
# Answers that begin so speak of "the" call and would be unclear among others.
_POINTING = ("That ", "It ", "Done")


@dataclass(frozen=True)
class Catalogue:
    """All tools that examples are made for, with their wording."""

    tools: tuple[Tool, ...]
    wording: Mapping[str, ToolPhrasing] = field(default_factory=dict)
    """Tool name -> wording that came with the tool; any other tool's is found or made."""
    functions: PythonFunctions | None = None
    """Functions that are really run; every other call happens in the simulated world."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Tool name -> its field, where the wording does not tell it."""

    def field_of(self, tool: Tool) -> str:
        """The field that a tool belongs to; "" where none is known."""
        return self.phrasings[tool.name].domain or self.fields.get(tool.name, "")

    def world(self) -> World:
        """A new world, for one conversation."""
        return World(self.functions)

    @cached_property
    def phrasings(self) -> dict[str, ToolPhrasing]:
        """Tool name -> wording; what is not known is not asked for."""
        return {n: replace(p, clear=False) if n in self.unknown else p for n, p in self._all_wording.items()}

    @cached_property
    def _all_wording(self) -> dict[str, ToolPhrasing]:
        return {tool.name: self.wording.get(tool.name) or phrasing_for(tool) for tool in self.tools}

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The foreign tools whose values or results would be made up, where there are enough others to ask for."""
        given = self.wording.keys() | self.written | self.executed
        asked = [t for t in self.tools if t.name not in given and self._all_wording[t.name].clear]
        hosted = in_repositories(asked)
        unknown = frozenset(tool.name for tool in asked if not is_known(tool, hosted))
        return unknown if len(asked) - len(unknown) >= _ENOUGH else frozenset()

    @cached_property
    def by_name(self) -> dict[str, Tool]:
        """Tool name -> tool."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def written(self) -> frozenset[str]:
        """The tools whose wording is hand-written."""
        return frozenset(tool.name for tool in self.tools if is_example_tool(tool))

    @cached_property
    def executed(self) -> frozenset[str]:
        """The tools that are really run, under their own names."""
        return frozenset(name for name, _ in self.functions.names) if self.functions else frozenset()

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """The chains whose two tools are both here."""
        return tuple(c for c in library().chains if {c.first, c.second} <= self.written)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """What tools can take from each other's results; within a field, and not for tools with chains of their own."""
        others = [tool for tool in self.clear or self.tools if tool.name not in self.written]
        domain = {tool.name: self.phrasings[tool.name].domain for tool in others}
        same = (link for link in links_between(others) if domain[link.first] == domain[link.second])
        found = [k for k in same if domain[k.first] or (self._fits(k) and not self.idle(k))]
        calm = tuple(k for k in found if domain[k.first] or not self._is_hasty(k))
        return calm if calm or len(others) >= _ENOUGH else tuple(found)

    def _is_hasty(self, link: Link) -> bool:
        """Whether whatever stands first is deleted: that is left to few tools, of which nothing else follows."""
        first, second = (deed_of(self.by_name[name]) for name in (link.first, link.second))
        return first.kind == "find" and second.verb == "delete"

    def undoes(self, link: Link) -> bool:
        """Whether what the first tool makes is deleted by the second."""
        first, second = (deed_of(self.by_name[name]).kind for name in (link.first, link.second))
        return first == "make" and second == "remove"

    def idle(self, link: Link) -> bool:
        """Whether nobody goes on so: what is just made holds nothing, and is not looked at or renamed at once."""
        first, second = (deed_of(self.by_name[name]) for name in (link.first, link.second))
        rewrites = second.kind == "change" and second.verb in ("update", "edit", "rename", "patch", "modify")
        return first.kind == "make" and (second.kind in ("show", "find", "remove") or rewrites)

    @cached_property
    def beginnings(self) -> tuple[Link, ...]:
        """The links that a chain may begin with; of foreign tools none that undoes what was done, if possible."""
        own = {name for name, phrasing in self.phrasings.items() if phrasing.domain}
        return tuple(k for k in self.links if k.first in own or not self.undoes(k)) or self.links

    def _fits(self, link: Link) -> bool:
        """Whether both tools speak of the same: a GitHub-hosted runner is no self-hosted one."""
        kinds = [set(_COMPOUND.findall(action_of(self.by_name[name]).object)) for name in (link.first, link.second)]
        return (not all(kinds) or kinds[0] == kinds[1]) and self._is_in_one_place(link)

    def _is_in_one_place(self, link: Link) -> bool:
        """Whether the second tool looks where the first one does: a secret of a user is none of a repository."""
        if _part_of(link.first) != _part_of(link.second):
            return False
        first, second = (
            {p.name for p in self.by_name[name].parameters if p.required and is_place(p.name)}
            for name in (link.first, link.second)
        )
        return not second - {link.parameter} or second - {link.parameter} <= first

    @cached_property
    def clear(self) -> tuple[Tool, ...]:
        """The tools that a person might ask for in the known words; only these are called, if there are any."""
        return tuple(tool for tool in self.tools if self.phrasings[tool.name].clear)

    @cached_property
    def dated(self) -> dict[str, Split]:
        """Tool name -> its requests that state a date, for the tools that have such."""
        found = {tool.name: speaking_of_dates(tool, self.phrasings[tool.name].requests) for tool in self.tools}
        return {name: split for name, split in found.items() if split is not None}

    @cached_property
    def _linked(self) -> dict[tuple[str, ...], tuple[Frame, ...]]:
        return {}

    def linked(self, tool: Tool, said: Mapping[str, str], thing: str) -> tuple[Frame, ...]:
        """`linked_clauses`, made once."""
        key = (tool.name, thing, *(f"{name}={words}" for name, words in said.items()))
        if key not in self._linked:
            self._linked[key] = linked_clauses(tool, said, thing)
        return self._linked[key]

    @cached_property
    def similar(self) -> dict[str, frozenset[str]]:
        """Tool name -> tools that could be taken for it."""
        alike: dict[str, set[str]] = {tool.name: set() for tool in self.tools}
        by_word: dict[str, set[str]] = defaultdict(set)
        for tool in self.tools:
            for word in set(spaced(tool.name).split()) - _COMMON_VERBS:
                by_word[word].add(tool.name)
            for other in alike.keys() & set(self.phrasings[tool.name].similar):
                alike[tool.name].add(other)
                alike[other].add(tool.name)
        for names in by_word.values():
            for name in names:
                alike[name] |= names
        return {name: frozenset(others - {name}) for name, others in alike.items()}


class UnclearError(Exception):
    """A try ends early: something was said that a person would hardly say so, and no call is worth its time."""


@dataclass
class Draft:
    """A finished conversation, before it is verified."""

    messages: list[Message]
    missing: tuple[str, ...] = ()


@dataclass
class Scene:
    """The setting of one example. `rng` is its only source of chance."""

    catalogue: Catalogue
    tools: tuple[Tool, ...]
    part: Part
    rng: Random
    families: list[str] = field(default_factory=list)
    """The families of wording used so far."""
    implied: list[list[Any]] = field(default_factory=list)
    """Values that the text says in other words: tool, parameter, value, and those words."""
    style: str = "plain"
    clear_only: bool = False
    """Whether a call ends the try where something unclear was said."""
    unclear: bool = False
    """Whether something was said of a tool that a person would hardly say so."""
    ran: list[tuple[ToolCall, dict[str, Any]]] = field(default_factory=list)
    """The calls so far, with their results."""
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = self.catalogue.world()
        self.style = self.rng.choices(("plain", "lower", "typo"), (88, 7, 5))[0]

    @property
    def links(self) -> list[Link]:
        """The links whose two tools are in view."""
        in_view = {tool.name for tool in self.tools}
        return [link for link in self.catalogue.links if {link.first, link.second} <= in_view]

    def style_or(self, usual: str) -> str:
        """The style of a part of what the user says: lower where all of it is, else the usual one."""
        return "lower" if self.style == "lower" else usual

    def begun(self, text: str) -> str:
        """A sentence with its capital, unless the user writes none."""
        return text if self.style == "lower" else text[0].upper() + text[1:]

    def phrasing(self, tool: Tool) -> ToolPhrasing:
        """The wording of a tool."""
        return self.catalogue.phrasings[tool.name]

    def is_foreign(self, tool: Tool) -> bool:
        """Whether nobody wrote wording for a tool, in the library or in the catalogue."""
        return not self.phrasing(tool).domain and tool.name not in self.catalogue.written

    def speaker(self, tool: Tool) -> Speaker:
        """A tool with its wording."""
        return Speaker(tool, self.phrasing(tool))

    def frame(self, split: Split) -> Frame | None:
        """A frame of this part that is right with the tools in view; its family is noted."""
        in_view = {tool.name for tool in self.tools}
        frames = [frame for frame in split.of(self.part) if not in_view.intersection(frame.unless)]
        if not frames:
            return None
        frame = self.rng.choice(frames)
        self.note(frame.family)
        return frame

    def speak(self, frame: Frame, tools: Mapping[str, Tool | Speaker], style: str | None = None) -> Spoken:
        """Fill a frame for the tools of its roles; what its words imply is noted."""
        speakers = {role: tool if isinstance(tool, Speaker) else self.speaker(tool) for role, tool in tools.items()}
        spoken = speak(frame, speakers, self.rng, style or self.style)
        self.unclear = self.unclear or not all(speaker.phrasing.clear for speaker in speakers.values())
        for role, name, value, words in spoken.implied:
            tool = speakers[role].tool.name
            if tool not in self.catalogue.written:  # those say nothing that the verifier's own lexicon cannot read
                self.implied.append([tool, name, value, words])
        return spoken

    def note(self, family: str) -> None:
        """Note a family of wording."""
        if family and family not in self.families:
            self.families.append(family)

    def line(self, name: str) -> str:
        """A line of the assistant, from the library."""
        return self.rng.choice(library().lines[name])

    def shared(self, name: str) -> Frame:
        """A frame of this part that belongs to no tool."""
        frame = self.frame(library().splits[name])
        if frame is None:
            raise KeyError(f"no wording {name!r} for {self.part}")
        return frame

    def user(self, text: str) -> Message:
        """The user's first message, sometimes with a greeting or thanks around it."""
        if self.style == "plain":
            share = _GREETED_FOREIGN if self.is_foreign(self.tools[0]) else _GREETED
            if self.rng.random() < share:
                opener = str(self.shared("openers").template.parts[0])
                text = opener + text if text.endswith("?") or not opener.endswith("question: ") else text
            if self.rng.random() < share and text[-1] in ".!?":
                text += str(self.shared("closers").template.parts[0])
        return Message("user", text)

    def fill_in(self, name: str, says: Mapping[str, str], style: str = "plain") -> str:
        """A sentence of the user that belongs to no tool."""
        return styled(self.shared(name).template.select(self.rng, 0.5), says, style, self.rng)

    def calling(self, calls: Sequence[ToolCall], lead_ins: str = "lead_ins", share: float = 0.08) -> Message:
        """The assistant's turn with calls, in a share of cases with a few words before."""
        content = self.line(lead_ins) if self.rng.random() < share else ""
        return Message("assistant", content, tuple(calls))

    def run(self, call: ToolCall) -> tuple[Message, dict[str, Any]]:
        """The result of a call: as a message, and as an object.

        Raises:
            UnclearError: something unclear was said, and only what is clear is wanted.
        """
        if self.clear_only and self.unclear:
            raise UnclearError
        text = self.world.execute(call, self.tools)
        result = json.loads(text)
        self.ran.append((call, result))
        return Message("tool", text, name=call.name), result

    def answer(
        self, call: ToolCall, result: Mapping[str, Any], says: Mapping[str, str], others: Sequence[ToolCall] = ()
    ) -> str:
        """The sentence that tells the result of a call.

        Args:
            call: the call.
            result: its result, an object without an error.
            says: how the arguments were said, by name; others are put into words here.
            others: the calls that are told beside it; it must tell itself which call it is about.
        """
        tool = self.catalogue.by_name[call.name]
        speaker = self.speaker(tool)
        if tool.name in self.catalogue.executed:
            return self.line("told_results").replace("{result}", told_result(result))
        if not self.phrasing(tool).answers:
            return told(tool, call, result, says, self.rng, others)
        known = {f"r.{key}": _shown(value) for key, value in result.items()}
        known |= {n: says[n] if n in says else speaker.say(n, v, self.rng) for n, v in call.arguments.items()}
        names = frozenset(known)
        fitting = [t for t in self.phrasing(tool).answers if {g.key for g in t.required()} <= names]
        if others:
            fitting = [t for t in fitting if not str(t.parts[0]).startswith(_POINTING)] or fitting
        template = self.rng.choice(fitting)
        return styled(template.select(self.rng, 1.0, names), known, "plain", self.rng)

    def assistant(self, text: str) -> Message:
        """A turn of the assistant without calls."""
        return Message("assistant", text)

    def nouns(self, tool: Tool, names: Sequence[str]) -> str:
        """ "the amount and the date"."""
        return join([f"the {self.phrasing(tool).nouns.get(name, spaced(name))}" for name in names])


def _part_of(name: str) -> str:
    """The part of a service that a tool's name begins with: "actions" of `actions_list_secrets`; "" for a verb."""
    first = spaced(name).lower().partition(" ")[0]
    return "" if first in wording().verbs | wording().providers else first


def told_result(result: Mapping[str, Any]) -> str:
    """What a function returned, in plain words: "4", or "price 3.5, currency USD"."""
    if set(result) == {"result"}:
        return _plain(result["result"])
    return ", ".join(f"{spaced(name)} {_plain(value)}" for name, value in result.items()) or "empty"


def _plain(value: Any) -> str:
    if isinstance(value, list) and value and not any(isinstance(item, list | dict) for item in value):
        return join([_plain(item) for item in value])
    if isinstance(value, bool | None):
        return {True: "yes", False: "no", None: "none"}[value]
    return _shown(value) if isinstance(value, str | int | float) and value != "" else json.dumps(value)


def _shown(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
