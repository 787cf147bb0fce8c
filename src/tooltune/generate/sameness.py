"""When two examples count as the same, and when they ask for the same in other words."""

from __future__ import annotations

import hashlib
import re

from tooltune.types import Example

_WORD = re.compile(r"[a-z0-9/._-]+")
_AROUND = frozenset({"a", "an", "the", "i", "i'd", "we", "you", "me", "us", "my", "it", "is", "to", "do",
                     "can", "could", "would", "please", "thanks", "thank", "lot", "cheers", "hi", "hello",
                     "hey", "there", "good", "morning", "quick", "question", "help", "need", "want", "like",
                     "have", "that", "this", "for", "be", "mind", "helping", "possible", "when", "moment",
                     "trying", "take", "care", "appreciate", "if", "ask", "of", "so", "kind", "ll", "d", "go",
                     "ahead", "and", "time", "s", "handle", "was", "hoping", "kindly", "wonder"})  # fmt: skip


def identity(example: Example) -> int:
    """A hash of what makes two examples the same: the user's texts and the calls; without calls, the tools too."""
    return _hash(repr((_said(example), _calls(example) or sorted(tool.name for tool in example.tools))))


def asked(example: Example) -> int:
    """A hash of what is asked for: the calls, or else what was missing and the words that carry the request."""
    calls = _calls(example)
    wish = "" if calls else " ".join(sorted(_content_words(example)))
    return _hash(repr((calls, example.metadata.get("missing", ()), wish)))


def _content_words(example: Example) -> set[str]:
    """The longer words of a request: those of the sentence around it are few, and mostly short."""
    return {word for text in _said(example) for word in _WORD.findall(text) if word not in _AROUND}


def _said(example: Example) -> list[str]:
    return [message.content.lower() for message in example.messages if message.role == "user"]


def _calls(example: Example) -> list[str]:
    return [repr(call) for message in example.messages for call in message.tool_calls]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
