"""Tools from an OpenAPI 3.0 or 3.1 description: one for each operation.

Parameters of path, query and headers and the properties of a JSON or form body become the parameters of one tool; a
body that is no plain object, or whose names clash with others, is one parameter `body`. Local references are written
out. An operation that cannot be a tool is left out with a notice.

Not covered: cookies, other kinds of body (files, text), references to other files, callbacks, servers, security.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.tools.check import check_tools
from tooltune.tools.loaded import Loaded
from tooltune.tools.openapi_schema import fits, request_schema, types_of
from tooltune.tools.schemas import Inliner, find
from tooltune.tools.text import first_paragraph, shortened
from tooltune.types import Tool, ToolParameter

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
LONGEST_NAME = 64
"""Characters of a tool's name: what OpenAI's and Anthropic's interfaces take."""

# OpenAPI says to ignore these as parameters: they are set by the request itself.
_OWN_HEADERS = ("accept", "content-type", "authorization")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# A body that says more of itself than its properties cannot be taken apart.
_WHOLE = ("oneOf", "anyOf", "allOf", "not", "if", "patternProperties", "$ref", "enum", "const", "minProperties")


def read_openapi(document: Mapping[str, Any], where: str) -> Loaded:
    """The operations of a description, in its order.

    Raises:
        ToolDefinitionError: it is not OpenAPI 3, or has no operation that can be a tool.
    """
    version = str(document.get("openapi", f"swagger {document.get('swagger')}"))
    if not version.startswith("3."):
        fix = "Convert it first, for instance with the npm package swagger2openapi"
        raise ToolDefinitionError(where, f"a description in {version}", "OpenAPI 3.0 or 3.1", fix)
    tools: dict[str, Tool] = {}
    notices: list[str] = []
    for operation in _operations(document, where, notices):
        try:
            tool, lost = _tool(operation, _unique(operation.name, tools))
        except ToolDefinitionError as error:
            notices.append(f"{operation.where}: left out: {error.found}")
            continue
        tools[tool.name] = tool
        notices += lost
    if not tools:
        raise ToolDefinitionError(where, "no operation that can be a tool", "paths with operations", _said(notices))
    return Loaded(tuple(tools.values()), tuple(notices))


def _said(notices: list[str]) -> str:
    return f"The first that was left out: {notices[0]}" if notices else ""


@dataclass(frozen=True)
class Operation:
    """One method of one path, and the document that it stands in."""

    document: Mapping[str, Any]
    file: str
    method: str
    path: str
    data: Mapping[str, Any]
    shared: tuple[Any, ...] = ()
    """Parameters that the path gives to all its operations."""

    @property
    def where(self) -> str:
        return f"{self.file}, {self.method.upper()} {self.path}"

    @property
    def name(self) -> str:
        """A word from operationId, or from method and path."""
        given = self.data.get("operationId")
        text = given if isinstance(given, str) and given.strip() else f"{self.method} {self.path}"
        return _cut(re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")) or self.method

    def follow(self, value: Any) -> Mapping[str, Any]:
        """An object, or what its references lead to; {} where that is no object."""
        for _ in range(10):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                break
            value = find(self.document, value["$ref"])
        return value if isinstance(value, Mapping) and "$ref" not in value else {}

    def parameters(self) -> Iterator[Mapping[str, Any]]:
        """The parameters; the operation's own replace those of its path."""
        own = self.data.get("parameters")
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for value in (*self.shared, *(own if isinstance(own, list) else [])):
            parameter = self.follow(value)
            if isinstance(parameter.get("name"), str) and isinstance(parameter.get("in"), str):
                found[parameter["name"], parameter["in"]] = parameter
        yield from found.values()


def _operations(document: Mapping[str, Any], where: str, notices: list[str]) -> Iterator[Operation]:
    paths = document.get("paths")
    for path, value in paths.items() if isinstance(paths, Mapping) else ():
        item = Operation(document, where, "", path, {}).follow(value)
        if not item and value:
            notices.append(f"{where}, path {path}: left out: no object stands here, or its reference leads to nothing")
        shared = item.get("parameters")
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                common = tuple(shared) if isinstance(shared, list) else ()
                yield Operation(document, where, method, str(path), item[method], common)


def _cut(name: str) -> str:
    """A name of at most `LONGEST_NAME` characters, cut between words where there are several."""
    if len(name) <= LONGEST_NAME:
        return name
    return name[: LONGEST_NAME + 1].rpartition("_")[0] or name[:LONGEST_NAME]


def _unique(name: str, taken: Mapping[str, Any]) -> str:
    """`name`, or with the first number that makes it new."""
    number, result = 1, name
    while result in taken:
        number += 1
        result = f"{name[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
    return result


def _tool(operation: Operation, name: str) -> tuple[Tool, list[str]]:
    merged = Merged(operation, Inliner(operation.document, operation.where, keep=False))
    for parameter in operation.parameters():
        merged.add_parameter(parameter)
    if operation.data.get("requestBody") is not None:
        merged.add_body(operation.follow(operation.data["requestBody"]))
    tool = Tool(name, _description(operation.data), tuple(merged.parameters.values()))
    check_tools([tool], operation.where)
    return tool, [*merged.inliner.notices, *merged.notices]


def _description(data: Mapping[str, Any]) -> str:
    """The summary as a sentence, then the description's first paragraph where it says more."""
    summary, text = first_paragraph(data.get("summary")), first_paragraph(data.get("description"))
    if not summary or not text or text.rstrip(".").lower().startswith(summary.rstrip(".").lower()):
        return text or summary
    return shortened(f"{summary.rstrip('.')}. {text}")


@dataclass
class Merged:
    """The parameters of one operation, gathered into one object."""

    operation: Operation
    inliner: Inliner
    parameters: dict[str, ToolParameter] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def add_parameter(self, data: Mapping[str, Any]) -> None:
        """One parameter of the path, the query or a header."""
        name, place = data["name"], data["in"]
        if not name or (place == "header" and name.lower() in _OWN_HEADERS):
            return
        if place not in ("path", "query", "header"):
            if data.get("required") is True:
                self._say(f"the required {place} parameter {name!r} is left out: tools have no place for it")
            return
        if name in self.parameters:
            self._say(f"the {place} parameter {name!r} is called {name}_{place}: the name is taken")
            name = _unique(f"{name}_{place}", self.parameters)
        schema = self._schema(_parameter_schema(data, self.operation))
        self._add(name, _described(schema, data), place == "path" or data.get("required") is True)

    def add_body(self, body: Mapping[str, Any]) -> None:
        """The properties of the body, or the body as one parameter."""
        content = body.get("content")
        media = _media(content) if isinstance(content, Mapping) else None
        if media is None:
            kinds = ", ".join(map(str, content)) if isinstance(content, Mapping) and content else "nothing"
            lost = f"its body, {kinds}, is neither JSON nor a form"
            if body.get("required") is True:
                raise ToolDefinitionError(self.operation.where, lost)
            self._say(f"{lost}; left out")
            return
        schema, alternatives = _first_alternative(self._schema(media.get("schema", {})))
        if alternatives > 1:
            self._say(f"the body needs one of {alternatives} sets of properties; the tool asks for the first")
        if self._is_flat(schema):
            self._add_flat(schema, _body_required(body, schema))
        elif schema != {} or body.get("required") is True:
            name = _unique("body", self.parameters)
            self._add(name, _described(schema, body), body.get("required") is True)

    def _add_flat(self, schema: Mapping[str, Any], needed: bool) -> None:
        required = schema.get("required")
        for name, part in schema["properties"].items():
            self._add(name, part, needed and isinstance(required, list) and name in required)
        if isinstance(schema.get("additionalProperties"), Mapping) and schema["additionalProperties"]:
            self._say("properties of the body that have no name in the description are left out")

    def _is_flat(self, schema: Any) -> bool:
        """Whether the body is an object that is said by its properties alone, none of them taken."""
        if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
            return False
        kinds, names = types_of(schema), [*schema["properties"]]
        plain = not kinds or "object" in kinds
        return bool(names and plain and all(names)) and not any(
            name in self.parameters or not isinstance(schema["properties"][name], Mapping) for name in names
        ) and not any(keyword in schema for keyword in _WHOLE)  # fmt: skip

    def _schema(self, schema: Any) -> Any:
        return request_schema(self.inliner.inline(schema))

    def _add(self, name: str, schema: Any, required: bool) -> None:
        schema = schema if isinstance(schema, Mapping) else {}
        self.parameters[name] = ToolParameter.from_schema(name, schema, required)

    def _say(self, text: str) -> None:
        self.notices.append(f"{self.operation.where}: {text}")


def _parameter_schema(data: Mapping[str, Any], operation: Operation) -> Any:
    """The schema of a parameter, with the examples that stand beside it."""
    content = data.get("content")
    media = next(iter(content.values()), None) if isinstance(content, Mapping) else None
    schema = data.get("schema", media.get("schema") if isinstance(media, Mapping) else None)
    schema = dict(schema) if isinstance(schema, Mapping) else {}
    if "example" in data:
        return schema | {"example": data["example"]}
    examples = data.get("examples")
    if isinstance(examples, Mapping):
        given = [operation.follow(example) for example in examples.values()]
        return schema | {"examples": [example["value"] for example in given if "value" in example]}
    return schema


def _described(schema: Any, data: Mapping[str, Any]) -> Any:
    """The schema with the description of what holds it; an example that does not fit goes."""
    if not isinstance(schema, Mapping):
        schema = {}
    examples = [value for value in schema.get("examples", []) if fits(value, schema)]
    text = first_paragraph(data.get("description"))
    result = {key: value for key, value in schema.items() if key != "examples"}
    return result | ({"description": text} if text else {}) | ({"examples": examples} if examples else {})


def _media(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The entry of a body's content that is JSON, or else a form."""
    kinds = {str(kind).split(";")[0].strip().lower(): value for kind, value in content.items()}
    for wanted in (_is_json, lambda kind: kind in _FORMS, lambda kind: kind == "*/*"):
        for kind, value in kinds.items():
            if wanted(kind) and isinstance(value, Mapping):
                return value
    return None


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _body_required(body: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether the required properties of the body are required.

    Most who leave out `required` on the body do not mean that it may be left out; a call that fills it always holds.
    """
    return body.get("required") is not False and bool(schema.get("required"))


def _first_alternative(schema: Any) -> tuple[Any, int]:
    """A schema whose alternatives differ only in what is required, narrowed to the first; and their number.

    Stricter than the description says, so every call that fits is right.
    """
    for keyword in ("anyOf", "oneOf"):
        parts = schema.get(keyword) if isinstance(schema, Mapping) and "properties" in schema else None
        if isinstance(parts, list) and parts and all(_only_required(part) for part in parts):
            rest = {key: value for key, value in schema.items() if key != keyword}
            required = [*(rest.get("required") or []), *(parts[0].get("required") or [])]
            return rest | {"required": list(dict.fromkeys(required))}, len(parts)
    return schema, 0


def _only_required(part: Any) -> bool:
    return (
        isinstance(part, Mapping)
        and set(part) <= {"required", "type", "description"}
        and isinstance(part.get("required"), list)
        and all(isinstance(name, str) for name in part["required"])
    )
