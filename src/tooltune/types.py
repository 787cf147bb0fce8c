"""Tools, calls, messages and examples: the values every stage passes on.

In memory a tool has *parameters* and a call has *arguments*. The documented file format says
`parameters` for both; that key is mapped in `ToolCall.to_dict` and `ToolCall.from_dict` and
nowhere else.

The `from_dict` functions check structure (keys and JSON types) and say which key is wrong; whether
a call fits its tool is the business of `tooltune.verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tooltune.errors import DataError, ToolDefinitionError

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)
JSON_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


class _Unset:
    """Marks a default that is not given; `None` would be the JSON value null."""

    def __repr__(self) -> str:
        return "UNSET"

    def __copy__(self) -> _Unset:
        return self

    def __deepcopy__(self, memo: object) -> _Unset:
        return self

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()

# JSON Schema keywords that are fields of ToolParameter, in the order they are written.
_KEYWORDS = (
    "enum", "default", "items", "properties", "format", "minimum", "maximum", "pattern",
)  # fmt: skip


@dataclass(frozen=True)
class ToolParameter:
    """One parameter of a tool.

    Only the name, the description and the type are needed: `ToolParameter("city", "City name",
    "string", required=True)`. `extra` keeps every JSON Schema keyword that has no field here, so
    that nothing of a foreign schema is lost.
    """

    name: str
    description: str = ""
    type: str | Sequence[str] | None = "string"
    required: bool = False
    enum: Sequence[Any] | None = None
    default: Any = UNSET
    items: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None
    format: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"parameter {self.name!r}"
        if not isinstance(self.name, str) or not self.name:
            raise ToolDefinitionError(where, "no name", "a non-empty string")
        if self.type is not None:
            for kind in self.type if isinstance(self.type, list | tuple) else [self.type]:
                if kind not in JSON_TYPES:
                    raise ToolDefinitionError(where, f"type {kind!r}", f"one of {', '.join(JSON_TYPES)}")
        if self.enum is not None and not isinstance(self.enum, list | tuple):
            raise ToolDefinitionError(where, f"enum {_show(self.enum)}", "a list of values")

    def to_schema(self) -> dict[str, Any]:
        """The parameter as a JSON Schema (without its name; `required` stands in the tool)."""
        schema: dict[str, Any] = {}
        if self.type is not None:
            schema["type"] = self.type if isinstance(self.type, str) else list(self.type)
        if self.description:
            schema["description"] = self.description
        for keyword in _KEYWORDS:
            value = getattr(self, keyword)
            if value is not UNSET and (value is not None or keyword == "default"):
                schema[keyword] = list(value) if keyword == "enum" else value
        return schema | dict(self.extra)

    @classmethod
    def from_schema(cls, name: str, schema: Mapping[str, Any], required: bool = False) -> ToolParameter:
        """The inverse of `to_schema`: an equal schema comes back, whatever keywords it holds."""
        fields: dict[str, Any] = {"type": None}
        extra: dict[str, Any] = {}
        for key, value in schema.items():
            # A field cannot tell null or an empty description from "not given"; `extra` can.
            unsaid = value is None or (key == "description" and value == "")
            is_field = key == "default" or (key in ("type", "description", *_KEYWORDS) and not unsaid)
            (fields if is_field else extra)[key] = value
        return cls(name=name, required=required, extra=extra, **fields)


@dataclass(frozen=True)
class Tool:
    """A tool: a name, a description, and its parameters.

    `extra` keeps further keywords of the parameter schema, such as `$defs` or
    `additionalProperties`.
    """

    name: str
    description: str = ""
    parameters: Sequence[ToolParameter] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"tool {self.name!r}"
        if not isinstance(self.name, str) or not self.name or self.name != self.name.strip():
            raise ToolDefinitionError(where, "not a usable name", "a non-empty word such as get_weather")
        if any(ord(char) < 32 for char in self.name):
            raise ToolDefinitionError(where, "a control character in the name", "one line of text")
        # A tool written with a list equals the same tool read from a file.
        object.__setattr__(self, "parameters", tuple(self.parameters))
        names = [parameter.name for parameter in self.parameters]
        for name in names:
            if names.count(name) > 1:
                raise ToolDefinitionError(where, f"two parameters named {name!r}", "different names")

    def parameter(self, name: str) -> ToolParameter | None:
        """The parameter of that name, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments, an object."""
        return {
            "type": "object",
            "properties": {p.name: p.to_schema() for p in self.parameters},
            "required": [p.name for p in self.parameters if p.required],
        } | dict(self.extra)

    def to_dict(self) -> dict[str, Any]:
        """The entry of `tools` in the documented format."""
        return {"name": self.name, "description": self.description, "parameters": self.schema()}

    @classmethod
    def from_dict(cls, data: Any, where: str = "tool") -> Tool:
        """Read an entry of `tools`: the documented form, or nested under `function`."""
        if isinstance(data, Mapping) and isinstance(data.get("function"), Mapping):
            data = data["function"]
        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
            raise ToolDefinitionError(where, _show(data), 'an object with "name", "description", "parameters"')
        inside = f"{where} {data['name']!r}"
        description, schema = data.get("description"), data.get("parameters")
        if description is not None and not isinstance(description, str):
            raise ToolDefinitionError(f"{inside}, key description", _show(description), "a string")
        _no_stray_schema(data, inside)
        parameters, rest = _parameters({} if schema is None else schema, inside)
        with _inside(where):
            return cls(data["name"], description or "", parameters, rest)


def _no_stray_schema(data: Mapping[str, Any], where: str) -> None:
    """Refuse a schema under a wrong key: overlooked, it would leave a tool without parameters."""
    for key, value in data.items():
        unknown = isinstance(value, Mapping) and key != "parameters" and data.get("parameters") is None
        if unknown or key in ("properties", "required"):
            raise ToolDefinitionError(f"{where}, key {key}", _show(value), "all of the schema under the key parameters")


@contextmanager
def _inside(where: str) -> Iterator[None]:
    """Put `where` in front of what a tool or a parameter says of itself when it is refused."""
    try:
        yield
    except ToolDefinitionError as error:
        raise ToolDefinitionError(f"{where}, {error.where}", error.found, error.expected, error.fix) from None


def _parameters(schema: Any, where: str) -> tuple[tuple[ToolParameter, ...], dict[str, Any]]:
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or schema.get("type", "object") != "object":
        raise ToolDefinitionError(
            f"{where}, key parameters", _show(schema), 'a JSON Schema {"type": "object", "properties": {...}}'
        )
    required = schema.get("required", [])
    if not isinstance(required, list):
        raise ToolDefinitionError(f"{where}, key required", _show(required), "a list of parameter names")
    for name, value in properties.items():
        if not isinstance(value, Mapping):
            raise ToolDefinitionError(f"{where}, parameter {name!r}", _show(value), "a JSON Schema object")
    for name in required:
        if name not in list(properties):
            raise ToolDefinitionError(f"{where}, key required", repr(name), "a name that stands in properties")
    with _inside(where):
        parameters = tuple(ToolParameter.from_schema(n, s, n in required) for n, s in properties.items())
    rest = {k: v for k, v in schema.items() if k not in ("type", "properties", "required")}
    return parameters, rest


@dataclass(frozen=True)
class ToolCall:
    """One call: the tool's name and its arguments, a JSON object."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The documented form, in which the arguments are called `parameters`."""
        return {"name": self.name, "parameters": dict(self.arguments)}

    @classmethod
    def from_dict(cls, data: Any, where: str = "tool call") -> ToolCall:
        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
            raise DataError(where, _show(data), '{"name": "...", "parameters": {...}}')
        arguments = data.get("parameters")
        if not isinstance(arguments, Mapping):
            raise DataError(f"{where}, key parameters", _show(arguments), "an object of arguments")
        return cls(data["name"], dict(arguments))


@dataclass(frozen=True)
class Message:
    """One message. `tool_calls` belongs to the assistant, `name` to a tool's result."""

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            data["tool_calls"] = [call.to_dict() for call in self.tool_calls]
        if self.name is not None:
            data["name"] = self.name
        return data

    @classmethod
    def from_dict(cls, data: Any, where: str = "message") -> Message:
        if not isinstance(data, Mapping):
            raise DataError(where, _show(data), 'an object with "role" and "content"')
        role, content, calls = data.get("role"), data.get("content"), data.get("tool_calls")
        calls = [] if calls is None else calls
        if role not in ROLES:
            raise DataError(f"{where}, key role", _show(role), f"one of {', '.join(ROLES)}")
        if content is None and calls:
            content = ""
        if not isinstance(content, str):
            raise DataError(f"{where}, key content", _show(content), "a string")
        if not isinstance(calls, list) or (calls and role != "assistant"):
            raise DataError(f"{where}, key tool_calls", _show(calls), "a list, on an assistant message")
        name = data.get("name")
        if name is not None and not isinstance(name, str):
            raise DataError(f"{where}, key name", _show(name), "a string")
        parsed = [ToolCall.from_dict(c, f"{where}, key tool_calls[{i}]") for i, c in enumerate(calls)]
        return cls(role, content, tuple(parsed), name)


@dataclass(frozen=True)
class Example:
    """A conversation, the tools in view, and any metadata keys that stand beside them."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in ("messages", "tools"):
            if key in self.metadata:
                raise DataError("example, metadata", f"the key {key!r}", "keys beside messages and tools")

    def to_dict(self) -> dict[str, Any]:
        """The documented form; metadata keys follow after `messages` and `tools`."""
        data: dict[str, Any] = {
            "messages": [message.to_dict() for message in self.messages],
            "tools": [tool.to_dict() for tool in self.tools],
        }
        return data | dict(self.metadata)

    @classmethod
    def from_dict(cls, data: Any, where: str = "example") -> Example:
        if not isinstance(data, Mapping):
            raise DataError(where, _show(data), 'an object with "messages" and "tools"')
        for key in ("messages", "tools"):
            if not isinstance(data.get(key), list):
                raise DataError(f"{where}, key {key}", _show(data.get(key)), "a list")
        if not data["messages"]:
            raise DataError(f"{where}, key messages", "an empty list", "at least one message")
        messages = [Message.from_dict(m, f"{where}, key messages[{i}]") for i, m in enumerate(data["messages"])]
        try:
            tools = [Tool.from_dict(t, f"{where}, key tools[{i}]") for i, t in enumerate(data["tools"])]
        except ToolDefinitionError as error:
            raise DataError(error.where, error.found, error.expected, error.fix) from None
        metadata = {key: value for key, value in data.items() if key not in ("messages", "tools")}
        return cls(tuple(messages), tuple(tools), metadata)


def _show(value: Any) -> str:
    """A value as an error message shows it: short, and its absence in words."""
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
