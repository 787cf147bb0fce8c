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
from tooltune.evaluate.doubts import left_over
from tooltune.evaluate.items import Item
from tooltune.types import Tool, ToolCall
from tooltune.verify.facts import Facts
from tooltune.verify.grounding import stated, ungrounded_arguments

NEAR = 0.8
"""How alike a misspelt name and the one that was said are, at least (`difflib.SequenceMatcher.ratio`)."""
_DATE, _TIME = re.compile(r"\d{4}-\d\d"), re.compile(r"\d\d?:\d\d")
_NAME = re.compile(r"[A-Z0-9@]")
_UNSAID = object()
_EDGES = ".,;:!?()[]{}\"'\u201c\u201d\u2018\u2019"


def mended(item: Item, reply: Reply) -> Reply:
    """The reply with names and dates as they were said, without optional arguments nobody said, and each call once.

    Args:
        item: what the model saw; what is expected of it plays no part.
        reply: what it answered.
    """
    tools, talk = {tool.name: tool for tool in item.tools}, _Talk(item, reply)
    calls = [_mended(call, tools[call.name], talk) if call.name in tools else call for call in reply.calls]
    return replace(reply, calls=tuple(call for place, call in enumerate(calls) if call not in calls[:place]))


class _Talk:
    """What a conversation states, and how."""

    def __init__(self, item: Item, reply: Reply) -> None:
        self.said = stated(item.messages)
        self.words = [message.content.split() for message in item.messages if message.role in ("user", "tool")]
        self.left = left_over(item, reply)

    def forms(self, value: str) -> Iterator[str]:
        """What a text may have been meant for, the likeliest first."""
        value = value.strip()
        yield value
        kind = next((kind for kind in (_DATE, _TIME) if kind.match(value)), None)
        if kind is None:
            yield as_said(value, self.words)
            return
        left = [other for other in self.left if kind.match(other)]
        if len(left) == 1:
            yield left[0]


def _mended(call: ToolCall, tool: Tool, talk: _Talk) -> ToolCall:
    kept: dict[str, Any] = {}
    for name, value in call.arguments.items():
        parameter = tool.parameter(name)
        free = isinstance(value, str) and parameter is not None and not parameter.enum
        forms = talk.forms(value) if free else [value]
        required = parameter is not None and parameter.required
        stated_forms = (form for form in forms if _is_stated(ToolCall(call.name, {name: form}), tool, talk.said))
        spelt = next(stated_forms, value if required else _UNSAID)
        if spelt is not _UNSAID:
            kept[name] = spelt
    return ToolCall(call.name, kept)


def _is_stated(call: ToolCall, tool: Tool, said: Facts) -> bool:
    return not any(ungrounded_arguments(call, tool, said))


def as_said(value: str, words: Sequence[Sequence[str]]) -> str:
    """A name or code as the conversation spells it, where it has one that is nearly the same; else the value.

    Args:
        value: what nobody said.
        words: those of each message.
    """
    if not _NAME.search(value):
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
