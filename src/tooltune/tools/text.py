"""Descriptions written for a page of documentation, cut down to what belongs in front of a model."""

from __future__ import annotations

import re
from typing import Any

LONGEST = 300
"""Characters of a description that is taken over; what is longer ends at a sentence or a word."""

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_NO_PROSE = (">", "#", "|", "```", "---", "* ", "- ", ".. ")


def first_paragraph(text: Any) -> str:
    """The first paragraph of prose, on one line, without Markdown links and HTML tags.

    Anything but a string gives "". Quotes, headings and tables are passed over, unless there is nothing else.
    """
    if not isinstance(text, str):
        return ""
    clean = _TAG.sub("", _LINK.sub(r"\1", text))
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", clean) if part.strip()]
    prose = [part for part in paragraphs if not part.startswith(_NO_PROSE)]
    return shortened((prose or paragraphs or [""])[0])


def shortened(text: str, longest: int = LONGEST) -> str:
    """At most `longest` characters: whole sentences where one ends in the second half, else whole words."""
    if len(text) <= longest:
        return text
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)", text[: longest + 1])]
    if ends and ends[-1] > longest // 2:
        return text[: ends[-1]]
    words = text[: longest - 3]
    return (words.rsplit(" ", 1)[0] if " " in words else words).rstrip(" ,;:") + "..."
