"""Tools from a JSON file: the documented form, OpenAI's nested one, or that of an MCP server.

    [{"name": "get_weather", "description": "...", "parameters": {"type": "object", ...}}]
    [{"type": "function", "function": {"name": ..., "description": ..., "parameters": ...}}]
    {"tools": [{"name": ..., "description": ..., "inputSchema": {"type": "object", ...}}]}

Not covered: what stands beside name, description and parameters (`strict`, `title`, `annotations`,
`outputSchema`) has no place in the documented format and is not kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.files import STRICT_JSON
from tooltune.types import Tool

# What others call the schema of the arguments: MCP, Anthropic.
_SCHEMA_KEYS = ("inputSchema", "input_schema")


def read_tools(path: str | Path) -> list[Tool]:
    """Read the tools of a JSON file, in its order.

    Raises:
        ToolDefinitionError: the file cannot be read, is not JSON, or an entry is no tool.
    """
    data = _parse(_read(Path(path)), str(path))
    entries = data.get("tools") if isinstance(data, Mapping) else data
    if not isinstance(entries, list):
        found = f"an object with the keys {list(data)}" if isinstance(data, Mapping) else repr(data)[:60]
        raise ToolDefinitionError(str(path), found, 'a list of tools, or an object with a list "tools"')
    return [_tool(entry, f"{path}, tools[{index}]") for index, entry in enumerate(entries)]


def _tool(entry: Any, where: str) -> Tool:
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


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        found = f"not UTF-8 at byte {error.start}"
        raise ToolDefinitionError(str(path), found, fix="Save the file as UTF-8") from None
    except FileNotFoundError:
        fix = "Check the path of the file of tools"
        raise ToolDefinitionError(str(path), "no such file", fix=fix) from None
    except OSError as error:
        raise ToolDefinitionError(str(path), f"cannot be read: {error.strerror}", "a JSON file") from error


def _parse(text: str, where: str) -> Any:
    try:
        return STRICT_JSON.decode(text)
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}, column {error.colno}"
        raise ToolDefinitionError(place, f"not JSON: {error.msg}", "a list of tools") from None
    except ValueError as error:
        raise ToolDefinitionError(where, f"not JSON: {error}") from None
    except RecursionError:
        raise ToolDefinitionError(where, "JSON nested too deeply to be read") from None
