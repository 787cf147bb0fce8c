"""Where tools come from, one module for each kind of source; `load` chooses by prefix, suffix and content."""

from tooltune.tools.check import check_tools
from tooltune.tools.execution import PythonFunctions
from tooltune.tools.load import load_source, load_sources, load_tools, python_source
from tooltune.tools.loaded import Loaded

__all__ = ["Loaded", "PythonFunctions", "check_tools", "load_source", "load_sources", "load_tools", "python_source"]
