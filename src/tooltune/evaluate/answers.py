"""Who answers: the one thing that evaluation asks of a model, wherever the model runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tooltune.chat.parse import Reply
from tooltune.evaluate.items import Item


@dataclass(frozen=True)
class Answer:
    """What came back for one item, and what it cost."""

    text: str = ""
    """The raw reply, without the end token."""
    reply: Reply = field(default_factory=Reply)
    """The text, parsed."""
    truncated: bool = False
    """The reply was cut off by the limit on new tokens."""
    failed: str | None = None
    """Why there is no reply, a key of `scorers.FAILURES`; None when there is one."""
    seconds: float | None = None
    """From the question to the end of the reply; in a batch that includes waiting for its other rows."""
    tokens: int | None = None
    """Length of the reply in tokens; None where the source does not say."""


Replies = Callable[[Sequence[Item]], list[Answer]]
"""A source of replies: items in, one answer for each, in their order. It never raises on what a model does."""
