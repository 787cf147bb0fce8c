"""tooltune: your tools in; verified data, a tuned small model and an honest measurement out."""

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

__all__ = ["EXAMPLE_TOOLS", "Example", "Message", "Tool", "ToolCall", "ToolParameter"]
