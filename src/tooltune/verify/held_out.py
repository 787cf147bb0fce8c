"""Held-out questions and tools, read from whatever file a benchmark comes in.

A file is a JSON list, or JSON values one after the other (JSON lines, whatever the suffix). Each
value is

- an example of the documented format, or a row with a question under `question`, `query`, `prompt`,
  `instruction`, `messages` or `conversations`, and tools under `function`, `functions` or `tools`;
- a tool: the documented form, OpenAI's nested one or that of an MCP server; or
- a string: a question.

A question is a string, a message, a list of messages, or a list of turns of messages (BFCL); only
what the user says counts. Tools may be given as JSON inside a string (xLAM), with types in Python's
words, and with the parameters directly in place of a schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tooltune.errors import DataError
from tooltune.files import STRICT_JSON, reading
from tooltune.formats.json_list import Window, iterate_list
from tooltune.types import Tool
from tooltune.verify.words import Words, normalise_name, words

_QUESTION_KEYS = ("question", "query", "prompt", "instruction", "messages", "conversations")
_TOOL_KEYS = ("function", "functions", "tools")
_SCHEMA_KEYS = ("parameters", "inputSchema", "input_schema", "arguments")
_USERS = ("user", "human")
_TYPES = {
    "dict": "object", "float": "number", "double": "number", "int": "integer", "long": "integer", "str": "string",
    "bool": "boolean", "list": "array", "tuple": "array",
}  # fmt: skip
_EXPECTED = f"a question under {', '.join(_QUESTION_KEYS)}, tools under {', '.join(_TOOL_KEYS)}, or a tool"


@dataclass(frozen=True)
class ToolShape:
    """What is compared of a tool: names without style, types in JSON Schema's words."""

    name: str
    parameters: frozenset[tuple[str, str]] = frozenset()
    """(name, type) of each parameter."""
    description: str = ""

    @property
    def parameter_names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.parameters)

    @classmethod
    def of(cls, tool: Tool) -> ToolShape:
        """The shape of a tool of ours."""
        parameters = frozenset((normalise_name(p.name), json_type(p.type)) for p in tool.parameters)
        return cls(normalise_name(tool.name), parameters, tool.description)

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> ToolShape:
        """The shape of a tool in a foreign file; an entry with a string under `name`."""
        schema: Mapping[str, Any] = next(
            (entry[key] for key in _SCHEMA_KEYS if isinstance(entry.get(key), Mapping)), {}
        )
        properties = schema.get("properties", {}) if isinstance(schema.get("type"), str) else schema
        if not isinstance(properties, Mapping):
            properties = {}
        parameters = frozenset((normalise_name(name), _declared(value)) for name, value in properties.items())
        return cls(normalise_name(entry["name"]), parameters, str(entry.get("description") or ""))


@dataclass(frozen=True)
class HeldOut:
    """A question, tools, or both, that training data must not contain."""

    where: str
    """The file and the place in it."""
    texts: tuple[Words, ...] = ()
    """What the user says, message by message."""
    tools: tuple[ToolShape, ...] = ()


def read_held_out(path: str | Path) -> Iterator[HeldOut]:
    """Read a file of questions or tools, one entry at a time.

    Raises:
        DataError: the file cannot be read, is not JSON, or an entry holds no question and no tool.
    """
    for value, where in _values(str(path)):
        try:
            yield _held_out(value, where)
        except RecursionError:
            raise DataError(where, "JSON nested too deeply to be read") from None


def json_type(kind: Any) -> str:
    """A type in JSON Schema's words; of several, all, sorted; "any" if none is given."""
    kinds = [kind] if isinstance(kind, str) else kind if isinstance(kind, Sequence) else []
    # xLAM writes "str, optional" and "List[int]".
    plain = (str(one).lower().partition(",")[0].partition("[")[0].strip() for one in kinds)
    return "|".join(sorted(_TYPES.get(one, one) for one in plain)) or "any"


def _declared(schema: Any) -> str:
    return json_type(schema.get("type") if isinstance(schema, Mapping) else schema)


def _values(path: str) -> Iterator[tuple[Any, str]]:
    fix = "Check the path of the held-out questions"
    with reading(path, "a file of JSON or JSON lines", fix), Path(path).open("rb") as file:
        yield from _values_of(Window(file, path), path)


def _values_of(window: Window, path: str) -> Iterator[tuple[Any, str]]:
    if window.peek() == "\ufeff":  # a byte order mark
        window.take("\ufeff")
    if window.peek() == "[":
        yield from iterate_list(window, path)
        return
    if not window.peek():
        raise DataError(path, "an empty file", "held-out questions or tools")
    while window.peek():
        where = f"{path}, line {window.line}"
        yield window.value(where), where


def _held_out(value: Any, where: str) -> HeldOut:
    if isinstance(value, str):
        return HeldOut(where, _texts(value))
    if not isinstance(value, Mapping):
        raise DataError(where, repr(value)[:60], _EXPECTED)
    tools = [tool for key in _TOOL_KEYS for tool in _tools(value.get(key), where)]
    texts = tuple(text for key in _QUESTION_KEYS for text in _texts(value.get(key)))
    if not tools and not texts:
        tools = _tools(value, where)  # the row may be a tool itself
    if not tools and not texts:
        raise DataError(where, f"an object with the keys {', '.join(value) or 'none'}", _EXPECTED)
    return HeldOut(where, texts, tuple(tools))


def _texts(value: Any) -> tuple[Words, ...]:
    """What the user says in a question of any form."""
    if isinstance(value, str):
        return (found,) if (found := words(value)) else ()
    if isinstance(value, Mapping):
        if value.get("role", value.get("from", "user")) not in _USERS:
            return ()
        return _texts(next((value[key] for key in ("content", "value", "text") if value.get(key)), None))
    if isinstance(value, list):
        return tuple(text for part in value for text in _texts(part))
    return ()


def _tools(value: Any, where: str) -> list[ToolShape]:
    if isinstance(value, str):
        return _tools(_decoded(value, where), where)
    if isinstance(value, list):
        return [tool for entry in value for tool in _tools(entry, where)]
    if not isinstance(value, Mapping):
        return []
    if isinstance(value.get("name"), str):
        return [ToolShape.from_entry(value)]
    return _tools(value.get("function"), where) if isinstance(value.get("function"), Mapping) else []


def _decoded(text: str, where: str) -> Any:
    """The value of JSON inside a string; nothing if it is another string, such as a tool's name."""
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        return STRICT_JSON.decode(text)
    except ValueError as error:
        raise DataError(f"{where}, tools as a string", f"not JSON: {error}", "a list of tools") from None
