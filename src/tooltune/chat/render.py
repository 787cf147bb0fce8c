"""The documented output format: how tools, messages and calls are written as text.

One rendering serves every model: role markers as plain text, the model's own end-of-sequence
token as end of turn, no new tokens. `template.py` holds the same rendering as a Jinja template
for other servers; a test keeps the two equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tooltune.types import Message, Tool, ToolCall, ToolParameter

MARKERS = ("<|system|>", "<|user|>", "<|assistant|>", "<|tool|>")
_MARKER = re.compile("|".join(map(re.escape, MARKERS)))

TOOLS_HEADER = "You can call these tools:"
TOOLS_FOOTER = """\
To call a tool, write:
<tool_call>
name: tool_name
parameters: {
  "parameter": "value"
}
</tool_call>
Ask for required parameters that are missing. If no tool fits, say so."""


def before_marker(text: str) -> str:
    """What a model wrote up to the first role marker: there it goes on with somebody else's turn."""
    return _MARKER.split(text, maxsplit=1)[0]


def neutralise(text: str) -> str:
    """Text of others with the role markers broken up, so that it cannot open a turn."""
    return _MARKER.sub(lambda found: "< " + found[0][1:], text)


def dump_json(value: Any, indent: int | None = None) -> str:
    """JSON in which no role marker can occur; decoding gives the same value back."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _MARKER.sub(lambda found: "\\u003c" + found[0][1:], text)


def render_call(call: ToolCall) -> str:
    """One call, from its opening to its closing tag."""
    return f"<tool_call>\nname: {call.name}\nparameters: {dump_json(dict(call.arguments), 2)}\n</tool_call>"


def render_reply(content: str, calls: Sequence[ToolCall] = ()) -> str:
    """An assistant turn without its role marker: the text, a blank line, the calls."""
    parts = [neutralise(content.strip())] if content.strip() else []
    if calls:
        parts.append("\n".join(render_call(call) for call in calls))
    return "\n\n".join(parts)


def render_tool(tool: Tool) -> str:
    """A tool as the model sees it: a line that says what it does, then a line for each parameter.

    Half the tokens of its JSON, and what is required stands beside each name. Nothing of the
    schema is lost: every further keyword follows as JSON, and so do those of the whole schema.
    """
    head = neutralise(_one_line(tool.name)) + _described(tool.description)
    rest = [f"{neutralise(_one_line(key))} {dump_json(value)}" for key, value in tool.extra.items()]
    return "\n".join([head, *map(_parameter_line, tool.parameters), *rest])


def _parameter_line(parameter: ToolParameter) -> str:
    schema = parameter.to_schema()
    kind, description = schema.pop("type", "any"), schema.pop("description", "")
    said = [kind if isinstance(kind, str) else dump_json(kind), "required" if parameter.required else "optional"]
    said += [f"{neutralise(_one_line(key))} {dump_json(value)}" for key, value in schema.items()]
    return f"- {neutralise(_one_line(parameter.name))} ({', '.join(said)}){_described(description)}"


def _described(description: object) -> str:
    text = neutralise(_one_line(str(description or "")))
    return f": {text}" if text else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def render_system(tools: Sequence[Tool], system: str = "") -> str:
    """The system turn: the tools in view, how to call them, then the user's own system text.

    The tools come first, because they are what many conversations share: whatever is computed
    for them, in training or in a server's prefix cache, serves all of those.
    """
    parts = []
    if tools:
        parts += [TOOLS_HEADER, *map(render_tool, tools), TOOLS_FOOTER]
    if system.strip():
        parts.append(neutralise(system.strip()))
    return "\n\n".join(parts)


def render_message(message: Message) -> str:
    """The text of a turn, without its role marker and end of turn."""
    if message.role == "assistant":
        return render_reply(message.content, message.tool_calls)
    text = neutralise(message.content.strip())
    return f"name: {neutralise(message.name)}\n{text}" if message.role == "tool" and message.name else text


def split_system(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """A leading system message's text, and the messages after it."""
    if messages and messages[0].role == "system":
        return messages[0].content, messages[1:]
    return "", messages


def nested(tool: Tool) -> dict[str, Any]:
    """The nested form that Hugging Face chat templates read."""
    return {"type": "function", "function": tool.to_dict()}


def nested_call(call: ToolCall) -> Mapping[str, Any]:
    """A call in the form that Hugging Face chat templates read."""
    return {"type": "function", "function": {"name": call.name, "arguments": dict(call.arguments)}}
