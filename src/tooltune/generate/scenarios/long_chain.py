"""Two to five calls, one after the other, of any tools: later arguments come from earlier results.

The tools are joined by `links`: what one makes or finds, the next one changes, shows or deletes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tooltune.generate.deeds import deed_of
from tooltune.generate.links import KINDS, Link
from tooltune.generate.phrasing.generic import linked_clauses
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import Speaker, Spoken, styled
from tooltune.generate.surfaces import join
from tooltune.generate.world import identifier
from tooltune.types import Message, Tool, ToolCall

_LENGTHS = (2, 2, 2, 3, 3, 4, 5)
_WORTH_UNDOING = 3
"""After so many steps a thing that was made may be deleted again."""
_CONTEXT = frozenset({"owner", "repo", "repo_path", "org", "project", "workspace", "database", "account", "repository"})
"""Parameters that stay the same from one call to the next, and are said once."""


def possible(catalogue: Catalogue) -> bool:
    """With two tools of which one takes what the other gives."""
    return bool(catalogue.links)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Two linked tools, and up to three more that take what the first one gives."""
    names = {tool.name for tool in chosen}
    if any({link.first, link.second} <= names for link in catalogue.links):
        return []
    link = rng.choice(catalogue.links)
    takers = list(dict.fromkeys(other.second for other in catalogue.links if other.first == link.first))
    more = rng.sample(takers, min(len(takers), rng.randint(0, 3)))
    wanted = dict.fromkeys((link.first, link.second, *more))
    return [catalogue.by_name[name] for name in wanted if name not in names]


@dataclass
class Steps:
    """What was asked and done so far."""

    clauses: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tool -> what its call gave, one record of it."""
    context: dict[str, Any] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Things that a step deleted."""


def build(scene: Scene) -> Draft | None:
    """One wish that takes several calls, then the calls one by one, and the answer."""
    in_view = {tool.name for tool in scene.tools}
    links = [link for link in scene.catalogue.links if {link.first, link.second} <= in_view]
    steps = Steps()
    wanted = scene.rng.choice(_LENGTHS)
    start = scene.catalogue.by_name[scene.rng.choice(links).first]
    if not _start(scene, steps, start):
        return None
    while len(steps.used) < wanted and (link := _next(scene, steps, links)) is not None:
        if not _follow(scene, steps, link):
            return None
    if len(steps.used) < 2:
        return None
    return Draft([scene.user(_wish(scene, steps.clauses)), *steps.messages, scene.assistant(_told(scene, steps))])


def _told(scene: Scene, steps: Steps) -> str:
    """The last answer, and before it those that hold news."""
    *before, last = steps.answers
    return " ".join([*(answer for i, answer in enumerate(before) if _is_news(scene, steps, i)), last])


def _is_news(scene: Scene, steps: Steps, step: int) -> bool:
    """Whether the answer of a step is told although others follow: what was made, and what was asked to be shown."""
    return deed_of(scene.catalogue.by_name[steps.used[step]]).kind in ("make", "show")


def _start(scene: Scene, steps: Steps, tool: Tool) -> bool:
    frame = scene.frame(scene.phrasing(tool).clauses)
    if frame is None:
        return False
    spoken = scene.speak(frame, {"": tool}, _style(scene))
    return _do(scene, steps, tool, spoken, spoken.arguments[""][0])


def _style(scene: Scene) -> str:
    return "lower" if scene.style == "lower" else "inner"


def _next(scene: Scene, steps: Steps, links: list[Link]) -> Link | None:
    open_ = [k for k in links if k.first in steps.results and k.second not in steps.used and k.thing not in steps.gone]
    sensible = [link for link in open_ if not _undoes(scene, steps, link)]
    open_ = sensible if sensible or len(steps.used) > 1 else open_
    return scene.rng.choice(open_) if open_ else None


def _undoes(scene: Scene, steps: Steps, link: Link) -> bool:
    """Nobody wants something made only to have it deleted."""
    first, second = (deed_of(scene.catalogue.by_name[name]).kind for name in (link.first, link.second))
    return first == "make" and second == "remove" and len(steps.used) < _WORTH_UNDOING


def _follow(scene: Scene, steps: Steps, link: Link) -> bool:
    """Ask for the second tool of a link, and call it with what the first one gave."""
    tool = scene.catalogue.by_name[link.second]
    value = _given(scene, steps.results[link.first], link)
    if value is None:
        return False
    known = {p.name: steps.context[p.name] for p in tool.parameters if p.name in steps.context}
    said = dict.fromkeys(known, "") | {link.parameter: _pointer(scene, steps, link)}
    frame = scene.rng.choice(linked_clauses(tool, said, link.thing))
    spoken = scene.speak(frame, {"": Speaker(tool, scene.phrasing(tool))}, _style(scene))
    done = _do(scene, steps, tool, spoken, {**spoken.arguments[""][0], **known, link.parameter: value})
    if deed_of(tool).kind == "remove":
        steps.gone.add(link.thing)
    return done


def _given(scene: Scene, record: Mapping[str, Any], link: Link) -> Any:
    if link.field:
        return record.get(link.field)
    key = identifier(link.thing, scene.tools)
    return record.get(key.name if key is not None else "id")


def _pointer(scene: Scene, steps: Steps, link: Link) -> str:
    """How the thing is spoken of: "the first order" of those found, "that order" afterwards."""
    if link.field:
        return f"that {KINDS.get(link.field, link.field)}"
    first = scene.catalogue.by_name[link.first]
    if deed_of(first).kind == "find" and len(steps.used) == 1:
        return f"the first {link.thing}"
    pointers = [f"that {link.thing}", f"the {link.thing}", f"this {link.thing}"]
    return scene.rng.choice(["it", *pointers] if steps.used[-1] == link.first else pointers)


def _do(scene: Scene, steps: Steps, tool: Tool, spoken: Spoken, arguments: Mapping[str, Any]) -> bool:
    """Call a tool; False if the call fails."""
    call = ToolCall(tool.name, {p.name: arguments[p.name] for p in tool.parameters if p.name in arguments})
    message, result = scene.run(call)
    if "error" in result:
        return False
    lead_ins, share = ("second_lead_ins", 0.15) if steps.used else ("lead_ins", 0.08)
    steps.messages += [scene.calling([call], lead_ins, share), message]
    steps.clauses.append(spoken.text)
    steps.answers.append(scene.answer(call, result, spoken.says))
    steps.used.append(tool.name)
    steps.results[tool.name] = _record(result)
    steps.context |= {name: value for name, value in call.arguments.items() if name in _CONTEXT}
    return True


def _record(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result, or the first of the things that were found."""
    found = next((value for value in result.values() if isinstance(value, list) and value), None)
    return found[0] if found is not None and isinstance(found[0], dict) else result


def _wish(scene: Scene, clauses: list[str]) -> str:
    """All steps in one sentence."""
    *before, last = clauses
    joined = f"{before[0]} and then {last}" if len(clauses) == 2 else f"{join([*before, 'then ' + last])}"
    frame = scene.shared("sequences")
    parts = frame.template.select(scene.rng, 0.5)
    text = styled(parts, {"steps": joined}, _style(scene) if scene.style == "lower" else "plain", scene.rng)
    return text if scene.style == "lower" else text[0].upper() + text[1:]
