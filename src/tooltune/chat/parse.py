"""From the text a model wrote to its content and calls, in the documented format.

A model's mistakes are data: `parse_reply` never raises. The JSON of a call is decoded from its
start, and only then is the closing tag looked for, so that a string argument may itself contain
`</tool_call>`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tooltune.files import STRICT_JSON
from tooltune.types import ToolCall

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_HEADER = re.compile(r"\s*name:[ \t]*(?P<name>[^\n]*?)[ \t]*\n\s*parameters:\s*")


@dataclass(frozen=True)
class Reply:
    """What an assistant turn says: text, calls, and what is malformed about it, if anything."""

    content: str = ""
    calls: tuple[ToolCall, ...] = ()
    error: str | None = None
    """Why the first malformed call could not be read; None when all is well formed."""


def parse_reply(text: str) -> Reply:
    """Parse one assistant turn. `parse_reply(render_reply(content, calls))` gives both back."""
    start = text.find(OPEN)
    if start < 0:
        return Reply(text.strip(), (), "a closing tag without a call" if CLOSE in text else None)
    calls: list[ToolCall] = []
    content, position = text[:start], start
    while position >= 0:
        try:
            call, end = _parse_call(text, position + len(OPEN))
        except ValueError as error:
            return Reply(content.strip(), tuple(calls), str(error))
        calls.append(call)
        position = text.find(OPEN, end)
        content += text[end : position if position >= 0 else None]
    return Reply(content.strip(), tuple(calls))


def _parse_call(text: str, position: int) -> tuple[ToolCall, int]:
    """The call whose opening tag ends at `position`, and where its closing tag ends."""
    header = _HEADER.match(text, position)
    if header is None:
        raise ValueError("no 'name:' and 'parameters:' lines after <tool_call>")
    if not header["name"]:
        raise ValueError("an empty tool name")
    arguments, end = decode_json(text, header.end())
    if not isinstance(arguments, dict):
        raise ValueError("the parameters are not a JSON object")
    closing = re.compile(r"\s*" + re.escape(CLOSE)).match(text, end)
    if closing is None:
        raise ValueError("no </tool_call> after the parameters")
    return ToolCall(header["name"], arguments), closing.end()


def decode_json(text: str, position: int) -> tuple[Any, int]:
    """The JSON value that starts at `position`, and where it ends.

    Raises:
        ValueError: the text is not JSON, repeats a key, or holds NaN or Infinity.
    """
    try:
        return STRICT_JSON.raw_decode(text, position)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}") from None
