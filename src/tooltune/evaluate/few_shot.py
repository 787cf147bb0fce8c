"""Solved examples before each question: what a model can do without being trained on them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Finished, Replies
from tooltune.types import Example, Message


def few_shot(replies: Replies, examples: Sequence[Example], count: int) -> Replies:
    """A source that asks `replies` with `count` solved examples before each item's own conversation.

    The items themselves, and so what is scored, stay as they are.

    Args:
        replies: who answers.
        examples: the training part; never what is measured on.
        count: how many to show; 0 gives `replies` back.
    """
    ordered = _Ordered(examples)

    def ask(items: Sequence[Item], finished: Finished) -> None:
        replies([_with_shots(item, ordered.pick(item, count)) for item in items], finished)

    return ask if count else replies


def _with_shots(item: Item, shots: Sequence[Example]) -> Item:
    """The item with the shots' messages after its system message; the shots' own system messages go."""
    start = 1 if item.messages and item.messages[0].role == "system" else 0
    shown = [message for shot in shots for message in shot.messages if message.role != "system"]
    return replace(item, messages=(*item.messages[:start], *shown, *item.messages[start:]))


class _Ordered:
    """The examples that can be shown, best first for a list of tools; the same for the same data."""

    def __init__(self, examples: Sequence[Example]) -> None:
        # A conversation that stops at a call, without its result, cannot stand before another question.
        self._examples = sorted((e for e in examples if not e.messages[-1].tool_calls), key=_digest)
        self._known: dict[frozenset[str], list[Example]] = {}

    def pick(self, item: Item, count: int) -> list[Example]:
        """The best `count` examples that do not ask what the item asks."""
        names = frozenset(tool.name for tool in item.tools)
        if names not in self._known:
            self._known[names] = self._best_first(names)
        own = _questions(item.messages)
        return [example for example in self._known[names] if not own & _questions(example.messages)][:count]

    def _best_first(self, names: frozenset[str]) -> list[Example]:
        """Those of the same tools, then those that call tools in view; within each, scenarios take turns."""
        seen: Counter[tuple[int, str]] = Counter()
        places = []
        for number, example in enumerate(self._examples):
            rank, scenario = _rank(example, names), str(example.metadata.get("scenario"))
            places.append((rank, seen[rank, scenario], number))
            seen[rank, scenario] += 1
        return [self._examples[number] for *_, number in sorted(places)]


def _rank(example: Example, names: frozenset[str]) -> int:
    if {tool.name for tool in example.tools} == names:
        return 0
    called = {call.name for message in example.messages for call in message.tool_calls}
    return 1 if called and called <= names else 2


def _questions(messages: Sequence[Message]) -> set[str]:
    return {message.content.casefold().strip() for message in messages if message.role == "user"}


def _digest(example: Example) -> str:
    """An order that has nothing to do with the order in the file."""
    text = "\n".join(message.content for message in example.messages)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
