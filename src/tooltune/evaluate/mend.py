"""A reply that calls, mended by rule: what a small model slips in, without knowing the right reply.

Copying is what such a model learns last: it begins a name twice ("M Manila"), misspells it, makes a call again, or
gives an optional argument because most calls had one. Each but a second call leaves an argument that the conversation
does not state, which `tooltune.verify` finds; the conversation itself says what it must have been.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tooltune.chat.parse import Reply
from tooltune.evaluate.items import Item
from tooltune.types import Message, Tool, ToolCall
from tooltune.verify.facts import Facts
from tooltune.verify.grounding import stated, ungrounded_arguments

NEAR = 0.8
"""How alike a misspelt name and the one that was said are, at least (`difflib.SequenceMatcher.ratio`)."""
_NAME = re.compile(r"[A-Z0-9@]")
_EDGES = ".,;:!?()[]{}\"'\u201c\u201d\u2018\u2019"


def mended(item: Item, reply: Reply) -> Reply:
    """The reply with names as they were said, without optional arguments that nobody said, and each call once.

    Args:
        item: what the model saw; what is expected of it plays no part.
        reply: what it answered.
    """
    tools, said = {tool.name: tool for tool in item.tools}, stated(item.messages)
    words = _said_words(item.messages)
    calls = [_mended(call, tools[call.name], said, words) if call.name in tools else call for call in reply.calls]
    return replace(reply, calls=tuple(call for place, call in enumerate(calls) if call not in calls[:place]))


def _mended(call: ToolCall, tool: Tool, said: Facts, words: Sequence[Sequence[str]]) -> ToolCall:
    kept: dict[str, Any] = {}
    for name, value in call.arguments.items():
        parameter = tool.parameter(name)
        free = isinstance(value, str) and parameter is not None and not parameter.enum
        spelt = as_said(value, words) if free else value
        if _is_stated(call.name, name, spelt, tool, said):
            kept[name] = spelt
        elif parameter is not None and parameter.required:
            kept[name] = value
    return ToolCall(call.name, kept)


def _is_stated(call: str, name: str, value: Any, tool: Tool, said: Facts) -> bool:
    return not any(ungrounded_arguments(ToolCall(call, {name: value}), tool, said))


def as_said(value: str, words: Sequence[Sequence[str]]) -> str:
    """A name or code as the conversation spells it, where it has one that is nearly the same; else the value.

    Args:
        value: without spaces around it, it may be just what was said.
        words: of each message, see `_said_words`.
    """
    value = value.strip()
    if not _NAME.search(value) or any(value in " ".join(message) for message in words):
        return value
    near = {span: difflib.SequenceMatcher(None, value, span, autojunk=False).ratio() for span in _spans(value, words)}
    best = max(near, key=lambda span: near[span], default=value)
    return best if near.get(best, 0) >= NEAR else value


def _spans(value: str, words: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names of about as many words; not what differs by its ending alone, which may be meant."""
    count = len(value.split())
    for message in words:
        for size in range(max(1, count - 1), count + 1):
            for start in range(len(message) - size + 1):
                span = " ".join(message[start : start + size]).strip(_EDGES)
                if _NAME.search(span) and not (span.startswith(value) or value.startswith(span)):
                    yield span


def _said_words(messages: Sequence[Message]) -> list[list[str]]:
    """The words of each message of a user and of each result."""
    return [message.content.split() for message in messages if message.role in ("user", "tool")]
