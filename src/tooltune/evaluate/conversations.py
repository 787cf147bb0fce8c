"""Whole conversations that a model is to hold itself: what the user says in turn, and what the reference called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from tooltune.types import Example, Message, Tool, ToolCall

SPARE_REPLIES = 5
"""Replies to one turn of the user beyond those of the reference: for mistakes, and for looking things up."""


@dataclass(frozen=True)
class Turn:
    """What is said to the assistant before it begins to answer."""

    said: tuple[Message, ...]
    """Messages of the user; in the first turn the system message too."""
    tools: tuple[Tool, ...]
    """The tools in view while it is answered."""
    limit: int
    """Replies at most until it must be the user's turn again."""
    second_try: bool = True
    """Whether a call that cannot be read is answered with an error; otherwise it ends the turn."""


@dataclass(frozen=True)
class Conversation:
    """A conversation of a dataset."""

    id: str
    """The index of the example."""
    example: Example

    @property
    def scenario(self) -> str:
        """The example's scenario."""
        return str(self.example.metadata.get("scenario") or "unknown")

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools in view."""
        return self.example.tools

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that the reference answers."""
        parts = [list(part) for _, part in groupby(self.example.messages, key=lambda m: m.role in ("system", "user"))]
        pairs = zip(parts[::2], parts[1::2], strict=False)  # what the user says last may stand without a reply
        return tuple(
            Turn(tuple(said), self.tools, sum(m.role == "assistant" for m in rest) + SPARE_REPLIES)
            for said, rest in pairs
        )

    @cached_property
    def calls(self) -> tuple[ToolCall, ...]:
        """The reference's calls, in order."""
        return tuple(call for message in self.example.messages for call in message.tool_calls)

    @cached_property
    def results(self) -> tuple[str, ...]:
        """Their results as the dataset has them; those of its last message may be absent."""
        return tuple(message.content for message in self.example.messages if message.role == "tool")

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "example": self.example.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Conversation:
        """The inverse of `to_dict`.

        Raises:
            DataError: the example is none.
            KeyError: a key is absent.
        """
        return cls(str(data["id"]), Example.from_dict(data["example"], f"conversation {data['id']}"))


def conversations_of(examples: Iterable[Example]) -> list[Conversation]:
    """Those in which one thing leads to another: calls over several turns, one after the other, or one that fails."""
    found = (Conversation(str(index), example) for index, example in enumerate(examples))
    return [conversation for conversation in found if _goes_on(conversation)]


def _goes_on(conversation: Conversation) -> bool:
    calling = sum(bool(message.tool_calls) for message in conversation.example.messages)
    return bool(calling) and (calling > 1 or len(conversation.turns) > 1 or any(map(is_error, conversation.results)))


def is_error(result: str) -> bool:
    """Whether a result is an error, `{"error": "..."}`."""
    try:
        value = json.loads(result)
    except ValueError:
        return False
    return isinstance(value, dict) and bool(value.get("error"))
