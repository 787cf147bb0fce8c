"""Whether a list of tools can be used: names that differ, and schemas that a validator accepts.

Nothing is fetched: a schema that refers to another file or to the network is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import jsonschema_rs

from tooltune.errors import ToolDefinitionError
from tooltune.types import Tool


def check_tools(tools: Sequence[Tool], where: str) -> None:
    """Refuse what no later stage could work with.

    Args:
        tools: the tools, in the order of their file.
        where: the file, for error messages; positions are given as `tools[0]`.

    Raises:
        ToolDefinitionError: no tool, a name used twice, or a schema that is not valid JSON Schema.
    """
    if not tools:
        raise ToolDefinitionError(where, "an empty list", "at least one tool")
    first: dict[str, int] = {}
    for index, tool in enumerate(tools):
        place = f"{where}, tools[{index}] {tool.name!r}"
        if first.setdefault(tool.name, index) != index:
            found = f"the name of tools[{first[tool.name]}] again"
            raise ToolDefinitionError(place, found, "a different name for each tool")
        _check_schema(tool.schema(), place)


def _check_schema(schema: dict[str, Any], place: str) -> None:
    for name in schema["required"]:
        if name not in schema["properties"]:
            found = f"{name!r} is required and has no property"
            raise ToolDefinitionError(place, found, "a property for each required parameter")
    if not schema["required"]:  # `Tool` always writes the list; draft 4 forbids it to be empty
        schema = {key: value for key, value in schema.items() if key != "required"}
    try:
        jsonschema_rs.validator_for(schema, retriever=_refuse)
    except jsonschema_rs.ValidationError as error:
        found = f"not a valid JSON Schema: {error.message}"
        raise ToolDefinitionError(_key(place, error.instance_path), found) from None
    except ValueError as error:  # a value with no JSON form, such as NaN or a lone surrogate
        raise ToolDefinitionError(place, f"not a valid JSON Schema: {error}") from None


def _key(place: str, path: Sequence[str | int]) -> str:
    """The place of a key, as in "tools.json, tools[0] 'search', parameter 'limit', key minimum"."""
    if len(path) > 1 and path[0] == "properties":
        place, path = f"{place}, parameter {path[1]!r}", path[2:]
    return f"{place}, key {'.'.join(map(str, path))}" if path else place


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is outside the schema; write its content under $defs")
