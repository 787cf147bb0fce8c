"""Is every argument said in the conversation before the call?

The check starts from the argument and the text only; it knows nothing of how the generator wrote
the text. Not covered: synonyms of free text, and whether a value was said for *this* parameter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from tooltune.types import Example, Message, Tool, ToolCall
from tooltune.verify.facts import Facts, iso_seconds, normalise
from tooltune.verify.lexicon import COUNTRIES, CURRENCIES, LANGUAGES, OPERATORS, UNITS
from tooltune.verify.relative import reference_date, relative_dates

_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?(?:Z|[+-]\d\d:\d\d)?")
_ARITHMETIC = re.compile(r"[\d\s.+*/()-]+")
_STOP = {
    "whether",
    "with",
    "only",
    "mark",
    "this",
    "that",
    "true",
    "false",
    "from",
    "into",
    "default",
    "value",
}


def ungrounded(example: Example) -> Iterator[str]:
    """The arguments that are not said, each as `tool.path`, in order.

    An example may bring `implied`: entries of tool, path, value and the words that stand for it
    ("don't bother with the photos" for include_photos = false). They count if those words were said.
    """
    tools = {tool.name: tool for tool in example.tools}
    implied = [entry for entry in example.metadata.get("implied", ()) if len(entry) == 4]
    said = Facts()
    today = reference_date(example.messages)
    for message in example.messages:
        for call in message.tool_calls:
            known = {(path, repr(v)) for name, path, v, words in implied if name == call.name and _says(said, words)}
            yield from ungrounded_arguments(call, tools[call.name], said, known)
        _hear(said, message, today)


def stated(messages: Sequence[Message]) -> Facts:
    """What users, systems and results say in a conversation, relative dates among it."""
    said, today = Facts(), reference_date(messages)
    for message in messages:
        _hear(said, message, today)
    return said


def _hear(said: Facts, message: Message, today: date | None) -> None:
    """Add what a message states; what the assistant says states nothing."""
    if message.role != "assistant":
        said.add(Facts.read(message.content))
    if message.role == "user" and today is not None:
        said.dates |= relative_dates(message.content, today)


def _says(said: Facts, words: object) -> bool:
    return isinstance(words, str) and bool(words) and contains(said.text, normalise(words))


def ungrounded_arguments(
    call: ToolCall, tool: Tool, said: Facts, implied: Collection[tuple[str, str]] = ()
) -> Iterator[str]:
    """The arguments of one call that `said` does not state and that are not among `implied` (path, repr of value)."""
    for name, value in call.arguments.items():
        parameter = tool.parameter(name)
        schema = parameter.to_schema() if parameter else {}
        for path, leaf, leaf_schema in leaves(name, value, schema):
            item = re.sub(r"\.\d+$", "", path)
            if not is_said(leaf, path, leaf_schema, said) and (item, repr(leaf)) not in implied:
                yield f"{tool.name}.{path}"


def leaves(path: str, value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """The leaves of an argument: path, value and schema of each."""
    if "default" in schema and value == schema["default"]:
        return
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        for key, part in value.items():
            yield from leaves(f"{path}.{key}", part, properties.get(key, {}))
    elif isinstance(value, list):
        items = schema.get("items", {})
        for i, part in enumerate(value):
            yield from leaves(f"{path}.{i}", part, items if isinstance(items, Mapping) else {})
    else:
        yield path, value, schema


def is_said(value: Any, path: str, schema: Mapping[str, Any], said: Facts) -> bool:
    """Whether a leaf is stated by the text, in one of the forms its value can take."""
    if value is None or schema.get("const") == value or schema.get("enum") == [value]:
        return True
    if isinstance(value, bool):
        return any(word in said.text for word in _topic(path, str(schema.get("description", ""))))
    if isinstance(value, int | float):
        return float(value) in said.numbers or round(float(value), 6) in said.numbers
    return _string_is_said(str(value), bool(schema.get("enum")), said)


def _topic(path: str, description: str) -> Sequence[str]:
    """The stems of the words that a flag is about; of a short name, the name."""
    words = re.findall(r"[A-Za-z][a-z]*", path.split(".")[-1] + " " + description)
    long = [w.lower()[:6] for w in words if len(w) > 3 and w.lower() not in _STOP]
    return long or [w.lower() for w in words]


def _string_is_said(value: str, is_enum: bool, said: Facts) -> bool:
    if value in said.dates or (value[:5] in said.times and _is_time(value)):
        return True
    if any(contains(said.text, form) for form in _forms(value, is_enum)):
        return True
    moment = _DATE_TIME.fullmatch(value)
    if moment:
        return moment[1] in said.dates and moment[2] in said.times
    if value[:1] == "P" and (seconds := iso_seconds(value)) is not None:
        return seconds in said.durations()
    if _ARITHMETIC.fullmatch(value):
        return _squeeze(value) in _squeeze(said.text)
    words = normalise(value.replace("_", " ")).split()
    return is_enum and all(contains(said.text, word) for word in words)


def _is_time(value: str) -> bool:
    return re.fullmatch(r"\d\d:\d\d(:00)?Z?", value) is not None


@lru_cache(maxsize=8192)
def _forms(value: str, is_enum: bool) -> tuple[str, ...]:
    forms = [value, *CURRENCIES.get(value.upper(), ()), *UNITS.get(value, ()), *LANGUAGES.get(value, ())]
    forms += [COUNTRIES[value]] if value in COUNTRIES else []
    if is_enum:
        forms.append(re.sub(r"[_-]+", " ", value))
        forms.append(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value))
    return tuple(normalise(form) for form in forms)


@lru_cache(maxsize=4096)
def _squeeze(text: str) -> str:
    """A text with arithmetic in signs and without spaces."""
    for sign, word in OPERATORS.items():
        text = text.replace(word, sign)
    return text.replace("\u00d7", "*").replace(" ", "")


def contains(text: str, part: str) -> bool:
    """Whether `part` occurs in `text` as whole words."""
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (_joins(before, part[:1]) or _joins(after, part[-1:])):
            return True
        start = text.find(part, start + 1)
    return not part


def _joins(outside: str, inside: str) -> bool:
    return outside.isalnum() and inside.isalnum()
