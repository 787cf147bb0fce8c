"""From the path a user names to checked tools."""

from __future__ import annotations

from pathlib import Path

from tooltune.errors import ToolDefinitionError
from tooltune.tools import json_file
from tooltune.tools.check import check_tools
from tooltune.types import Tool

READERS = {".json": json_file.read_tools}


def load_tools(path: str | Path) -> list[Tool]:
    """Read the tools of a file and check them; the suffix decides how.

    Raises:
        ToolDefinitionError: the file or one of its tools is wrong.
    """
    reader = READERS.get(Path(path).suffix.lower())
    if reader is None:
        known = " or ".join(READERS)
        raise ToolDefinitionError(str(path), f"the suffix {Path(path).suffix!r}", f"a file of tools, {known}")
    tools = reader(path)
    check_tools(tools, str(path))
    return tools
