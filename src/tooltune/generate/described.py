"""Definitions as many people write them: choices and defaults told by the description, and not by the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tooltune.generate.phrasing import ToolPhrasing
from tooltune.generate.surfaces import join, say
from tooltune.types import UNSET, Tool, ToolParameter

_SHARE = 0.6
_DEFAULTS = (" Default is {x}.", " Defaults to {x}.", " (default: {x})", " Optional, default is {x}.")
_CHOICES = (" Options: {plain}.", " One of {plain}.", " Can be {either}.", " ({either})", " Either {either}.")


def as_described(tool: Tool, phrasing: ToolPhrasing, rng: Random) -> tuple[Tool, ToolPhrasing]:
    """A tool of which a share of the choices and defaults stands in the descriptions, and its wording."""
    told = phrasing
    parameters: list[ToolParameter] = []
    for parameter in tool.parameters:
        drawn = rng.random() < _SHARE
        texts = [value for value in parameter.enum or () if isinstance(value, str)]
        if drawn and parameter.description and 1 < len(texts) == len(parameter.enum or ()):
            told = _with_words(told, parameter, texts)
            parameter = _told(parameter, "enum", _choices(texts, rng))
        if drawn and parameter.description and parameter.default not in (UNSET, None, ""):
            shown = parameter.default if isinstance(parameter.default, str) else json.dumps(parameter.default)
            parameter = _told(parameter, "default", rng.choice(_DEFAULTS).replace("{x}", shown))
        parameters.append(parameter)
    return replace(tool, parameters=tuple(parameters)), told


def _told(parameter: ToolParameter, keyword: str, text: str) -> ToolParameter:
    """The parameter with a text in the description in place of a keyword."""
    description = parameter.description.rstrip(". ")
    schema: dict[str, Any] = {key: value for key, value in parameter.to_schema().items() if key != keyword}
    schema["description"] = f"{description}{'' if text.startswith(' (') else '.'}{text}"
    return ToolParameter.from_schema(parameter.name, schema, parameter.required)


def _choices(values: Sequence[str], rng: Random) -> str:
    quoted = [f"'{value}'" for value in values]
    form = rng.choice(_CHOICES)
    return form.replace("{plain}", ", ".join(values)).replace("{either}", join(quoted, "or"))


def _with_words(phrasing: ToolPhrasing, parameter: ToolParameter, values: Sequence[str]) -> ToolPhrasing:
    """The wording, which still says the choices in everyday words."""
    name, schema = parameter.name, parameter.to_schema()
    said: Mapping[str, Sequence[str]] = {v: (say(name, v, schema, Random(0)),) for v in values}
    words = {**said, **phrasing.words.get(name, {})}
    return phrasing.saying(name, phrasing.values.get(name) or values, words)
