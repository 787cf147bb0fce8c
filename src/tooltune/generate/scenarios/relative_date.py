"""A call with a date that the user says in relation to today, which the system message gives."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random

from tooltune.generate.relative import RelativeSpeaker, date_names
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.types import Message, Tool

_FIRST, _DAYS = date(2024, 1, 1), 1400
_BEHIND = re.compile(
    r"\b(?:reports? (?:for|of|from)|did|was|were|had|went|happened|spent|paid|ran|took|slept|came|got|record|log|"
    r"logged|since|history|results?|transactions?|backup|restore|timesheet|metrics|usage|statistics|stats|analytics)\b",
    re.I,
)
_SPAN = r"(?:an?|two|three|four|five|six|\d+) (?:day|week)s?"
_RELATIVE = rf"(?:today|tomorrow|yesterday|the day|in {_SPAN}|this |next |last |{_SPAN} (?:from|ago))"
_ON = re.compile(rf"\b(?:on|at) (?={_RELATIVE})", re.IGNORECASE)
_CLASH = re.compile(
    r"\b(?:for|by|from|to|until|of|date|day|and|before|after|around|between|is|the) "
    rf"(?:{_SPAN} (?:from|ago)|in {_SPAN})"
)


def possible(catalogue: Catalogue) -> bool:
    """With a tool that takes a date."""
    return bool(catalogue.dated)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """A tool that takes a date."""
    if any(tool.name in catalogue.dated for tool in chosen):
        return []
    return [catalogue.by_name[rng.choice(list(catalogue.dated))]]


def build(scene: Scene) -> Draft | None:
    """Today's date, a request that counts from it, the call, its result and the answer."""
    tool = scene.rng.choice([tool for tool in scene.tools if tool.name in scene.catalogue.dated])
    frame = scene.frame(scene.catalogue.dated[tool.name])
    if frame is None:
        return None
    literal = " ".join(part for part in frame.template.parts if isinstance(part, str))
    today = _FIRST + timedelta(days=scene.rng.randrange(_DAYS))
    past = _BEHIND.search(f"{literal} {tool.name.replace('_', ' ')}") is not None
    speaker = RelativeSpeaker(tool, scene.phrasing(tool), today=today, past=past)
    spoken = scene.speak(frame, {"": speaker})
    (call,) = spoken.calls("", tool)
    dates = {name for name in call.arguments if name in date_names(tool)}
    text = _ON.sub("", spoken.text)
    if not dates or _CLASH.search(text):
        return None
    text = scene.begun(text)
    message, result = scene.run(call)
    if "error" in result:
        return None
    # The answer names the day itself, so that a misunderstanding would show.
    answer = scene.answer(call, result, {name: said for name, said in spoken.says.items() if name not in dates})
    told = Message("system", _today(scene, today))
    return Draft([told, scene.user(text), scene.calling([call]), message, scene.assistant(answer)])


def _today(scene: Scene, today: date) -> str:
    forms = (f"{today:%A}, {today.day} {today:%B} {today.year}", f"{today:%A}, {today:%B} {today.day}, {today.year}",
             f"{today.isoformat()}, a {today:%A}")  # fmt: skip
    return scene.line("reference_dates").replace("{date}", scene.rng.choice(forms))
