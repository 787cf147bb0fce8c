"""tooltune: your tools in; verified data, a tuned small model and an honest measurement out."""

from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

__all__ = ["Example", "Message", "Tool", "ToolCall", "ToolParameter"]
