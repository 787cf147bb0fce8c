"""Tools from a JSON or YAML file: the documented form, OpenAI's nested one, or that of an MCP server.

    [{"name": "get_weather", "description": "...", "parameters": {"type": "object", ...}}]
    [{"type": "function", "function": {"name": ..., "description": ..., "parameters": ...}}]
    {"tools": [{"name": ..., "description": ..., "inputSchema": {"type": "object", ...}}]}

Not covered: what stands beside name, description and parameters (`strict`, `title`, `annotations`,
`outputSchema`) has no place in the documented format and is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.types import Tool

# What others call the schema of the arguments: MCP, Anthropic.
_SCHEMA_KEYS = ("inputSchema", "input_schema")


def tools_of(data: Any, where: str) -> list[Tool]:
    """The tools of a file's value, in its order.

    Raises:
        ToolDefinitionError: the value is no list of tools, or an entry is no tool.
    """
    # tools/list saved as the server sent it, JSON-RPC envelope and all
    if isinstance(data, Mapping) and isinstance(data.get("result"), Mapping):
        data = data["result"]
    entries = data.get("tools") if isinstance(data, Mapping) else data
    if not isinstance(entries, list):
        found = f"an object with the keys {list(data)}" if isinstance(data, Mapping) else repr(data)[:60]
        raise ToolDefinitionError(where, found, 'a list of tools, or an object with a list "tools"')
    return [tool_of(entry, f"{where}, tools[{index}]") for index, entry in enumerate(entries)]


def tool_of(entry: Any, where: str) -> Tool:
    """One entry of a list of tools.

    Raises:
        ToolDefinitionError: it is no tool; the message starts with `where`.
    """
    if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
        entry = _documented_form(entry, where)
    return Tool.from_dict(entry, where)


def _documented_form(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The entry with only the documented keys, its schema under `parameters`.

    Keys that hold no schema are left out; a missing schema leaves all, so that a misspelt key is found.
    """
    given = [key for key in ("parameters", *_SCHEMA_KEYS) if entry.get(key) is not None]
    if len(given) > 1:
        raise ToolDefinitionError(f"{where} {entry['name']!r}", f"both {' and '.join(given)}", "one of them")
    if not given or given == ["parameters"]:
        return dict(entry)
    return {"name": entry["name"], "description": entry.get("description"), "parameters": entry[given[0]]}
