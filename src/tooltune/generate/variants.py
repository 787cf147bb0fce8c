"""Other names for tools and parameters, so that a model reads descriptions instead of remembering names.

Names are either masked (a random word that says nothing, "Hammer", arXiv:2410.04587) or written in
another style (`getTides`, `get_tides`, `tides.get`). Only what a tool is called changes: types, order
and descriptions stay, and a parameter without a description keeps its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from string import ascii_lowercase, digits
from typing import Any

from tooltune.generate.phrasing import Frame, Split, ToolPhrasing
from tooltune.generate.surfaces import spaced
from tooltune.generate.templates import Gap, Option, Template
from tooltune.types import Tool

_MASKED = 0.5
_STYLES = ("snake", "camel", "dotted", "pascal")


def renamed(tool: Tool, phrasing: ToolPhrasing, rng: Random) -> tuple[Tool, ToolPhrasing]:
    """A tool under other names, and its wording for them."""
    masked = rng.random() < _MASKED
    style = rng.choice(_STYLES)
    new = f"{_nonsense(rng)}_{_nonsense(rng)}" if masked else styled_name(tool.name, style)
    if masked:
        names = {p.name: _nonsense(rng) if p.description else p.name for p in tool.parameters}
    else:
        names = {
            p.name: styled_name(p.name, "camel" if style in ("camel", "pascal") else "snake") for p in tool.parameters
        }
    if len(set(names.values())) < len(names):
        return tool, phrasing
    parameters = tuple(replace(parameter, name=names[parameter.name]) for parameter in tool.parameters)
    return replace(tool, name=new, parameters=parameters), rekeyed(phrasing, names)


def _nonsense(rng: Random) -> str:
    return rng.choice(ascii_lowercase) + "".join(rng.choices(ascii_lowercase + digits, k=rng.randint(2, 5)))


def styled_name(name: str, style: str) -> str:
    """A name in another style: get_tide_times, getTideTimes, GetTideTimes, tides.get_times."""
    words = spaced(name).lower().split()
    if style in ("camel", "pascal"):
        text = "".join(word.capitalize() for word in words)
        return text if style == "pascal" else text[:1].lower() + text[1:]
    if style == "dotted" and len(words) > 1:
        return f"{words[0]}.{'_'.join(words[1:])}"
    return "_".join(words)


def rekeyed(phrasing: ToolPhrasing, names: Mapping[str, str]) -> ToolPhrasing:
    """A tool's wording for other names of its parameters."""

    def keyed(values: Mapping[str, Any]) -> dict[str, Any]:
        return {_path(path, names): value for path, value in values.items()}

    def split(value: Split) -> Split:
        return Split(tuple(_frame(f, names) for f in value.train), tuple(_frame(f, names) for f in value.held_out))

    return replace(
        phrasing,
        requests=split(phrasing.requests),
        several=split(phrasing.several),
        clauses=split(phrasing.clauses),
        missing=split(phrasing.missing),
        opening=split(phrasing.opening),
        answers=tuple(_template(template, names) for template in phrasing.answers),
        nouns=keyed(phrasing.nouns),
        ask=keyed(phrasing.ask),
        values=keyed(phrasing.values),
        words=keyed(phrasing.words),
        alone=keyed(phrasing.alone),
        many=frozenset(names[name] for name in phrasing.many),
        retry=None,
    )


def _frame(frame: Frame, names: Mapping[str, str]) -> Frame:
    return replace(frame, template=_template(frame.template, names))


def _template(template: Template, names: Mapping[str, str]) -> Template:
    return Template(tuple(_part(part, names) for part in template.parts))


def _part(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, Gap):
        return replace(part, key=_path(part.key, names))
    if isinstance(part, Option):
        return Option(tuple(_part(inner, names) for inner in part.parts))
    return part


def _path(path: str, names: Mapping[str, str]) -> str:
    head, dot, inner = path.partition(".")
    return names.get(head, head) + dot + inner
