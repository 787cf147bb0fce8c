"""From what a user names to checked tools.

my_tools.json, my_tools.yaml    definitions, or an OpenAPI description (the file says which)
my_functions.py                 the functions of a Python file
python:package.module           those of a module
mcp:COMMAND, mcp:https://...    a live MCP server
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tooltune.errors import ToolDefinitionError
from tooltune.tools import json_file, mcp, openapi, python_file
from tooltune.tools.check import check_tools
from tooltune.tools.document import YAML_SUFFIXES, read_document
from tooltune.tools.loaded import Loaded
from tooltune.tools.schemas import self_contained
from tooltune.types import Tool

DOCUMENTS = (".json", *YAML_SUFFIXES)
PYTHON = "python:"


def load_tools(path: str | Path) -> list[Tool]:
    """Read the tools of one source and check them, schemas as they were written.

    Raises:
        ToolDefinitionError: the source or one of its tools is wrong.
    """
    return list(load_source(path).tools)


def load_sources(sources: Sequence[str | Path]) -> Loaded:
    """Read the tools of several sources; each schema stands on its own afterwards.

    Raises:
        ToolDefinitionError: a source or one of its tools is wrong, or two sources have a tool of the same name.
    """
    owners: dict[str, str] = {}
    tools: list[Tool] = []
    notices: list[str] = []
    for source in map(str, sources):
        loaded = load_source(source)
        notices += loaded.notices
        for tool in loaded.tools:
            _claim(tool.name, source, owners)
            whole, cut = _whole(tool, source)
            tools.append(whole)
            notices += cut
    return Loaded(tuple(tools), tuple(notices))


def load_source(source: str | Path) -> Loaded:
    """Read and check the tools of one source.

    Raises:
        ToolDefinitionError: the source or one of its tools is wrong.
    """
    try:
        loaded = _read(str(source))
    except RecursionError:
        raise ToolDefinitionError(str(source), "nested too deeply to be read") from None
    check_tools(loaded.tools, str(source))
    return loaded


def python_source(source: str) -> str | None:
    """The .py file or the module that a source names, or None if it is of another kind."""
    name = source.removeprefix(PYTHON)
    return name if source.startswith(PYTHON) or name.lower().endswith(".py") else None


def _read(source: str) -> Loaded:
    if source.startswith(mcp.PREFIX):
        return mcp.read_mcp(source)
    if source.startswith(PYTHON) and not source.endswith(".py"):
        return python_file.read_python_module(source.removeprefix(PYTHON), source)
    path = Path(source.removeprefix(PYTHON))
    suffix = path.suffix.lower()
    if suffix == ".py":
        return python_file.read_python_file(path, source)
    if suffix not in DOCUMENTS:
        expected = f"a file of tools, {', '.join(DOCUMENTS)} or .py; python:module; or mcp:command or URL"
        raise ToolDefinitionError(source, f"the suffix {suffix!r}", expected)
    document = read_document(path)
    if isinstance(document, Mapping) and ("openapi" in document or "swagger" in document):
        return openapi.read_openapi(document, source)
    return Loaded(tuple(json_file.tools_of(document, source)))


def _claim(name: str, source: str, owners: dict[str, str]) -> None:
    if name in owners:
        place = f"{source}, tool {name!r}"
        raise ToolDefinitionError(place, f"the name of a tool of {owners[name]} again", "names that differ")
    owners[name] = source


def _whole(tool: Tool, source: str) -> tuple[Tool, list[str]]:
    where = f"{source}, tool {tool.name!r}"
    try:
        whole, cut = self_contained(tool, where)
        check_tools([whole], source)
    except RecursionError:
        raise ToolDefinitionError(where, "a schema nested too deeply to be read") from None
    return whole, cut
