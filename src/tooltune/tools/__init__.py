"""Where tools come from, one module for each source; `load` chooses by the file's suffix."""

from tooltune.tools.check import check_tools
from tooltune.tools.load import load_tools

__all__ = ["check_tools", "load_tools"]
