"""BFCL's rows of several turns as conversations to hold: what is said, which tools are in view, what was called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tooltune.evaluate.conversations import Turn
from tooltune.types import Message, Tool, ToolCall

STEPS = 21
"""Replies to one turn: the board breaks a conversation off when so many in a row have called."""


@dataclass(frozen=True)
class BfclConversation:
    """A row of a category of several turns."""

    id: str
    scenario: str
    """The category, such as multi_turn_base."""
    said: tuple[tuple[Message, ...], ...]
    """What the user says in each turn."""
    tools: tuple[Tool, ...]
    """In the order in which a model sees them; those that come later stand last."""
    required: tuple[tuple[ToolCall, ...], ...]
    """The reference's calls in each turn."""
    classes: tuple[str, ...]
    """The wheel's classes whose methods the tools are."""
    config: Mapping[str, Any]
    """Their state at the beginning, by class."""
    held_back: Mapping[str, int] = field(default_factory=dict)
    """The turn from which a tool is in view, where that is not the first."""

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """As the board has it, a call that cannot be read ends a turn."""
        return tuple(Turn(said, self._in_view(turn), STEPS, second_try=False) for turn, said in enumerate(self.said))

    def _in_view(self, turn: int) -> tuple[Tool, ...]:
        return tuple(tool for tool in self.tools if self.held_back.get(tool.name, 0) <= turn)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """All of the reference's calls, in order."""
        return tuple(call for calls in self.required for call in calls)

    @property
    def long_context(self) -> bool:
        """Whether the wheel fills its objects up with much that is not needed."""
        return "long_context" in self.scenario

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "category": self.scenario,
            "said": [[message.to_dict() for message in said] for said in self.said],
            "tools": [tool.to_dict() for tool in self.tools],
            "required": [[call.to_dict() for call in calls] for calls in self.required],
            "classes": list(self.classes),
            "config": dict(self.config),
            "held_back": dict(self.held_back),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BfclConversation:
        """The inverse of `to_dict`.

        Raises:
            DataError: a message, tool or call is none.
            KeyError: a key is absent.
        """
        where = f"conversation {data['id']}"
        return cls(
            str(data["id"]),
            str(data["category"]),
            tuple(tuple(Message.from_dict(message, where) for message in said) for said in data["said"]),
            tuple(Tool.from_dict(tool, where) for tool in data["tools"]),
            tuple(tuple(ToolCall.from_dict(call, where) for call in calls) for calls in data["required"]),
            tuple(data["classes"]),
            data["config"],
            data["held_back"],
        )
