"""Where tools come from, one module for each kind of source; `load` chooses by prefix, suffix and content."""

from tooltune.tools.check import check_tools
from tooltune.tools.load import load_source, load_sources, load_tools
from tooltune.tools.loaded import Loaded

__all__ = ["Loaded", "check_tools", "load_source", "load_sources", "load_tools"]
