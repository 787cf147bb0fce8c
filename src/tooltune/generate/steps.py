"""Calls that follow from each other, in one request or over several turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tooltune.generate.deeds import deed_of, named_by
from tooltune.generate.links import KINDS, Link
from tooltune.generate.names import is_place
from tooltune.generate.phrasing.actions import action_of, head
from tooltune.generate.scene import Scene
from tooltune.generate.speech import Speaker, in_order
from tooltune.generate.world import identifier
from tooltune.types import Message, Tool

_WORTH_UNDOING = 3
"""After so many steps a thing that was made may be deleted again."""
_CONTEXT = frozenset(
    {"owner", "repo", "repo_path", "org", "enterprise", "project", "workspace", "database", "account", "repository"}
)
"""Parameters that stay the same from one call to the next, and are said once."""


@dataclass
class Steps:
    """What was asked and done so far."""

    one_wish: bool = True
    """Whether all of it was asked for at once, so that the assistant may speak of a next step."""
    clauses: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tool -> what its call gave, one record of it."""
    context: dict[str, Any] = field(default_factory=dict)
    pointed: set[str] = field(default_factory=set)
    """Things that were spoken of after they were found."""
    gone: set[str] = field(default_factory=set)
    """Things that a step deleted."""


def is_context(name: str) -> bool:
    """Whether a parameter says where things are, and not which."""
    return name in _CONTEXT


def start(scene: Scene, steps: Steps, tool: Tool) -> bool:
    frame = scene.frame(scene.phrasing(tool).joined)
    if frame is None:
        return False
    spoken = scene.speak(frame, {"": tool}, scene.style_or("inner"))
    return do(scene, steps, tool, spoken.text, spoken.says, spoken.arguments[""][0])


def next_link(scene: Scene, steps: Steps, links: Sequence[Link]) -> Link | None:
    open_ = [k for k in links if k.first in steps.results and k.second not in steps.used and k.thing not in steps.gone]
    sensible = [link for link in open_ if not _undoes(scene, steps, link)]
    open_ = sensible if sensible or len(steps.used) > 1 else open_
    return scene.rng.choice(open_) if open_ else None


def _undoes(scene: Scene, steps: Steps, link: Link) -> bool:
    """Nobody wants something made only to have it deleted."""
    return scene.catalogue.undoes(link) and len(steps.used) < _WORTH_UNDOING


def follow(scene: Scene, steps: Steps, link: Link) -> bool:
    """Ask for the second tool of a link, and call it with what the first one gave."""
    tool = scene.catalogue.by_name[link.second]
    value = _given(scene, steps.results[link.first], link)
    if value is None:
        return False
    known = {p.name: steps.context[p.name] for p in tool.parameters if p.name in steps.context}
    said = dict.fromkeys(known, "") | {link.parameter: _pointer(scene, steps, link)}
    frame = scene.rng.choice(scene.catalogue.linked(tool, said, link.thing))
    spoken = scene.speak(frame, {"": Speaker(tool, scene.phrasing(tool))}, scene.style_or("inner"))
    done = do(scene, steps, tool, spoken.text, spoken.says, {**spoken.arguments[""][0], **known, link.parameter: value})
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
    known = link.thing in steps.pointed
    steps.pointed.add(link.thing)
    if deed_of(first).kind == "find" and not known:
        return f"the first {link.thing}"
    pointers = [f"that {link.thing}", f"the {link.thing}", f"this {link.thing}"]
    if scene.is_foreign(first) and steps.used[-1] == link.first:
        is_it = head(action_of(first).object)[0] == link.thing.rpartition(" ")[2]
        return scene.rng.choice(
            [*(["it"] if is_it else []), pointers[0], pointers[2]]
        )  # "create a branch and switch to the branch"
    return scene.rng.choice(["it", *pointers] if steps.used[-1] == link.first else pointers)


def do(
    scene: Scene, steps: Steps, tool: Tool, text: str, says: Mapping[str, str], arguments: Mapping[str, Any]
) -> bool:
    """Call a tool; False if the call fails."""
    call = in_order(tool, arguments)
    message, result = scene.run(call)
    if "error" in result:
        return False
    lead_ins, share = ("second_lead_ins", 0.15) if steps.used and steps.one_wish else ("lead_ins", 0.08)
    steps.messages += [scene.calling([call], lead_ins, share), message]
    steps.clauses.append(text)
    steps.answers.append(scene.answer(call, result, says))
    steps.used.append(tool.name)
    steps.results[tool.name] = _record(result)
    steps.context |= {
        name: value
        for name, value in call.arguments.items()
        if is_context(name) or name.endswith("_type") or named_by(name) or (scene.is_foreign(tool) and is_place(name))
    }
    return True


def _record(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result, or the first of the things that were found."""
    found = next((value for value in result.values() if isinstance(value, list) and value), None)
    return found[0] if found is not None and isinstance(found[0], dict) else result
