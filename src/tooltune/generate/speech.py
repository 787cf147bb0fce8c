"""From a frame to a spoken sentence and the calls it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath as PurePath
from random import Random
from typing import Any

from tooltune.generate.apposition import in_place
from tooltune.generate.phrasing import Frame, ToolPhrasing
from tooltune.generate.pools import from_template, is_kind, pooled
from tooltune.generate.slots import choose_value
from tooltune.generate.surfaces import join, say
from tooltune.generate.templates import Gap, fill
from tooltune.types import UNSET, Tool, ToolCall, ToolParameter

_ORDERED = (
    ("start", "end"), ("from", "to"), ("min", "max"), ("check_in", "check_out"), ("since", "until"),
    ("since", "before"), ("after", "before"),
)  # fmt: skip

_AS_LIST = 0.3
"""How often numbers stand in a row, without an "and"."""


@dataclass(frozen=True)
class Speaker:
    """A tool with its wording."""

    tool: Tool
    phrasing: ToolPhrasing
    values: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """Sources of values that override those of the wording."""

    def draw(self, names: Sequence[str], rng: Random, fixed: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Values for the named parameters, no two the same, start before end."""
        for _ in range(20):
            drawn = {n: self.value(n, rng) for n in names if not fixed or n not in fixed}
            texts = [value for value in drawn.values() if isinstance(value, str)]
            if len(set(texts)) == len(texts):
                break
        return self._in_order(_arranged(drawn) | dict(fixed or {}))

    def _in_order(self, values: Mapping[str, Any]) -> dict[str, Any]:
        # A dot parts a path, but a name of a parameter may have one too.
        whole = {name: value for name, value in values.items() if self.tool.parameter(name) is not None}
        nested = _nested({path: value for path, value in values.items() if path not in whole}) | whole
        return {p.name: nested[p.name] for p in self.tool.parameters if p.name in nested}

    def value(self, name: str, rng: Random) -> Any:
        """A value for one parameter, not its default."""
        parameter = self.parameter(name)
        for _ in range(20):
            value = self._any_value(parameter, rng)
            if name in self.phrasing.many and len(value) == 1:
                continue
            if parameter.default is UNSET or value != parameter.default:
                break
        return value

    def _any_value(self, parameter: ToolParameter, rng: Random) -> Any:
        source: Any = self.values.get(parameter.name) or self.phrasing.values.get(parameter.name)
        if source is None:
            return choose_value(parameter, rng, self.phrasing.noun)
        if parameter.type == "array":
            return _several(source, parameter.to_schema(), rng)
        return _from_source(source, rng)

    def parameter(self, name: str) -> ToolParameter:
        """The parameter of that name, or inside an object ("address.city"); wording names only what exists."""
        head, _, inner = name.partition(".")
        found = self.tool.parameter(name) or self.tool.parameter(head)
        if found is None:
            raise KeyError(f"{self.tool.name} has no parameter {name}")
        if found.name == name:
            return found
        schema: Any = found.to_schema()
        for key in inner.split("."):
            schema = schema["properties"][key]
        return ToolParameter.from_schema(name, schema)

    def say(self, name: str, value: Any, rng: Random) -> str:
        """A value in everyday words."""
        if isinstance(value, list):
            said = [alone(self, name, self._say_one(name, item, rng)) for item in value]
            return _listed(said, all(type(item) in (int, float) for item in value), rng)
        return self._say_one(name, value, rng)

    def _say_one(self, name: str, value: Any, rng: Random) -> str:
        words = self.words(name, value)
        schema = self.parameter(name).to_schema()
        items = schema.get("items") if schema.get("type") == "array" and not isinstance(value, list) else None
        return rng.choice(list(words)) if words else say(name, value, items or schema, rng)

    def words(self, name: str, value: Any) -> Sequence[str]:
        """The everyday words for an enum value, where some are written."""
        if type(value) is int and "commas" in self.tool.description:
            return (str(value),)  # they are what is asked for
        return self.phrasing.words.get(name, {}).get(str(value), ())


def _listed(said: Sequence[str], numbers: bool, rng: Random) -> str:
    """ "1, 2 and 3", or as some write numbers: "[1, 2, 3]", "1, 2, 3"."""
    if numbers and len(said) > 2 and rng.random() < _AS_LIST:
        return rng.choice(("[{}]", "{}", "({})")).format(", ".join(text.replace(",", "") for text in said))
    return join(said)


def alone(speaker: Speaker, name: str, said: str) -> str:
    """A spoken value as it stands alone, in an answer to a question: "the kitchen"."""
    form = speaker.phrasing.alone.get(name, "{x}")
    # The values of a list are quoted one by one already.
    return said if form.startswith('"') and said.startswith('"') else form.replace("{x}", said)


def _arranged(values: dict[str, Any]) -> dict[str, Any]:
    """Swap a start and an end that stand the wrong way round."""
    for low, high in _ORDERED:
        for name in [n for n in values if low in n.split("_") or n == low]:
            other = name.replace(low, high)
            if _later(values[name], values.get(other)):
                values[name], values[other] = values[other], values[name]
    if "org" in values and "owner" in values:  # a team works on what its organization owns
        values["owner"] = values["org"]
    if "source" in values and "destination" in values:
        values["destination"] = _of_same_type(values["source"], values["destination"])
    return values


def _of_same_type(source: Any, destination: Any) -> Any:
    """The path to which a file is moved or copied, with the ending that it has."""
    if not all(isinstance(path, str) and path.count("/") > 1 for path in (source, destination)):
        return destination
    if not (PurePath(source).suffix and PurePath(destination).suffix):
        return str(PurePath(destination).parent / PurePath(source).name)
    return str(PurePath(destination).with_suffix(PurePath(source).suffix))


def _later(first: Any, second: Any) -> bool:
    """Whether two numbers, or two texts that begin with digits such as dates, are the wrong way round."""
    if isinstance(first, str) and isinstance(second, str):
        return first[:1].isdigit() and second[:1].isdigit() and first > second
    numbers = isinstance(first, int | float) and isinstance(second, int | float)
    return numbers and first > second


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """{"address.city": x} as {"address": {"city": x}}."""
    nested: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        inner = nested
        for key in above:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return nested


def _from_source(source: str | Sequence[Any], rng: Random) -> Any:
    """A value of a kind, of a template, or one of a list; a text with gaps in a list is a template too."""
    if isinstance(source, str):
        return pooled(source, rng) if is_kind(source) else from_template(source, rng)
    chosen = rng.choice(list(source))
    kinds = re.findall(r"\{(\w+)\}", chosen) if isinstance(chosen, str) else []
    return from_template(chosen, rng) if kinds and all(map(is_kind, kinds)) else chosen


def _several(source: str | Sequence[Any], schema: Mapping[str, Any], rng: Random) -> list[Any]:
    """One to three values, within the bounds of the list."""
    least = schema.get("minItems", 1)
    most = max(least, min(schema.get("maxItems", 3), least + 2))
    count = least + rng.choice((0, 1, 1, 2))
    drawn = dict.fromkeys(_from_source(source, rng) for _ in range(8 * most))
    return list(drawn)[: min(count, most)]


@dataclass(frozen=True)
class Spoken:
    """A sentence, and what it says."""

    text: str
    arguments: Mapping[str, Sequence[dict[str, Any]]]
    """For each role of the frame, the arguments of its calls."""
    says: Mapping[str, str]
    """How each value was said, by gap; for several values, all of them joined."""
    each: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """How each of several values was said."""
    implied: Sequence[tuple[str, str, Any, str]] = ()
    """Values that other words stand for: role, gap without its role, value, and those words."""

    def calls(self, role: str, tool: Tool) -> list[ToolCall]:
        """The calls of a role."""
        return [ToolCall(tool.name, arguments) for arguments in self.arguments[role]]


def in_order(tool: Tool, arguments: Mapping[str, Any]) -> ToolCall:
    """A call whose arguments stand in the order of the tool's parameters; what is no parameter is left out."""
    return ToolCall(tool.name, {p.name: arguments[p.name] for p in tool.parameters if p.name in arguments})


def speak(
    frame: Frame,
    speakers: Mapping[str, Speaker],
    rng: Random,
    style: str = "plain",
    rate: float | None = None,
) -> Spoken:
    """Fill a frame.

    Args:
        frame: its gaps are `name`, or `role.name` where several tools take part.
        speakers: role -> tool; the role of a plain gap is "".
        rng: the only source of chance.
        style: "plain", "lower" (no capitals, no full stop), "typo", or "inner" (part of a sentence);
            values stay as they are.
        rate: the share of optional segments that are said.
    """
    parts = frame.template.select(rng, rng.choice((0.3, 0.7, 1.0)) if rate is None else rate)
    gaps = [part for part in parts if isinstance(part, Gap)]
    arguments: dict[str, list[dict[str, Any]]] = {}
    says: dict[str, str] = {}
    each: dict[str, list[str]] = {}
    implied: list[tuple[str, str, Any, str]] = []
    for role, speaker in speakers.items():
        own = {gap.key.removeprefix(f"{role}."): gap for gap in gaps if _role(gap) == role}
        arguments[role] = _arguments(speaker, own, rng)
        for name, gap in own.items():
            values = list({repr(_at(a, name)): _at(a, name) for a in arguments[role]}.values())
            each[gap.key] = [speaker.say(name, value, rng) for value in values]
            says[gap.key] = join(each[gap.key])
            if isinstance(values[0], str) and len(values) == 1 and gap.fixed is None:
                noun = speaker.phrasing.nouns.get(name, "")
                says[gap.key] = in_place(says[gap.key], values[0], noun, parts.index(gap), parts, rng)
            implied += [
                (role, name, value, words) for value, words in _implied(speaker, gap, name, values, says, parts)
            ]
    return Spoken(styled(parts, says, style, rng), arguments, says, each, implied)


def _at(arguments: Mapping[str, Any], path: str) -> Any:
    """The value at a path, or None."""
    value: Any = arguments
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _implied(
    speaker: Speaker,
    gap: Gap,
    name: str,
    values: Sequence[Any],
    says: Mapping[str, str],
    parts: Sequence[str | Gap],
) -> Iterator[tuple[Any, str]]:
    """The values that are not said as they are, with the words that say them."""
    if gap.fixed is not None:
        at = next(i for i, part in enumerate(parts) if part is gap)
        literals = [part.strip(" .,;:?!()") for part in (*reversed(parts[:at]), *parts[at:]) if isinstance(part, str)]
        words = next((text for text in literals if text), "")
        if words:
            yield gap.fixed, words
        return
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            if speaker.words(name, item) and not re.search(rf"\b{re.escape(str(item))}\b", says[gap.key]):
                yield item, says[gap.key]


def _role(gap: Gap) -> str:
    head, dot, _ = gap.key.partition(".")
    return head if dot and head.isdigit() else ""


def _arguments(speaker: Speaker, gaps: Mapping[str, Gap], rng: Random) -> list[dict[str, Any]]:
    """One set of arguments, or several that differ in the gap for several values."""
    fixed = {name: gap.fixed for name, gap in gaps.items() if gap.fixed is not None}
    first = speaker.draw(list(gaps), rng, fixed)
    varied = next((name for name, gap in gaps.items() if gap.many), None)
    if varied is None:
        return [first]
    values = [first[varied]]
    wanted = rng.choice((2, 2, 2, 3))
    for _ in range(30):
        value = speaker.value(varied, rng)
        if len(values) < wanted and value not in values and value not in first.values():
            values.append(value)
    return [first | {varied: value} for value in values]


def styled(parts: Sequence[str | Gap], says: Mapping[str, str], style: str, rng: Random) -> str:
    """The filled parts, with a capital at the start or with the style's noise."""
    if style == "lower":
        parts = [part.lower() if isinstance(part, str) else part for part in parts]
        text = fill(parts, says)
        return text.removesuffix(".")
    implied = any(isinstance(part, Gap) and part.fixed is not None for part in parts)
    if style == "typo" and not implied:
        parts = _with_typo(parts, rng)
    # A value at the start is left as it is: it has to be copied.
    capital = style != "inner" and bool(parts) and isinstance(parts[0], str)
    text = fill(parts, says)
    return text[:1].upper() + text[1:] if capital else text


def _with_typo(parts: Sequence[str | Gap], rng: Random) -> list[str | Gap]:
    """Two letters swapped inside one of the literal words."""
    places = [
        (i, at)
        for i, part in enumerate(parts)
        if isinstance(part, str)
        for at in range(1, len(part) - 3)
        if part[at - 1 : at + 3].isalpha() and part[at] != part[at + 1]
    ]
    if not places:
        return list(parts)
    i, at = rng.choice(places)
    changed = list(parts)
    text = str(changed[i])
    changed[i] = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return changed
