"""What a docstring says of parameters: Google, NumPy and reST style, whichever it is written in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tooltune.tools.text import first_paragraph

_GOOGLE = re.compile(r"(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Attributes|Fields)\s*:\s*$")
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\((.*?)\))?\s*:(?:\s+|$)(.*)", re.DOTALL)
_NUMPY = ("parameters", "other parameters", "attributes", "keyword arguments")
_NUMPY_ENTRY = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::\s*(.*))?$")
_REST = re.compile(r"[:@](param|parameter|arg|argument|key|keyword|type|ivar)\s+([^:]*?)(\w+)\s*:(.*)", re.DOTALL)
_FIELD = re.compile(r"[:@]\w+[^:]*:")
# The headers and fields that end the prose of a docstring.
_SECTION = re.compile(r"[A-Z][A-Za-z ]{2,24}:\s*$|[:@](?:param|type|return|rtype|raise|arg|key)\w*\b")
_ROLE = re.compile(r":[a-z]+(?::[a-z]+)?:`~?([^`<]*?)(?:\(\))?(?: <[^`>]*>)?`")
""" ":class:`int`" of Sphinx."""
_SAID_TYPE = re.compile(
    r"\((?:an? |the )?(integer|string|number|float|boolean|bool|int|list of (?:strings|integers|numbers))\b"
)
_TYPES = {"integer": "int", "string": "str", "number": "float", "boolean": "bool", "list of strings": "list[str]",
          "list of integers": "list[int]", "list of numbers": "list[float]"}  # fmt: skip
_OPTIONAL = re.compile(r",?\s*(?:optional|default(?:s to)?\b.*)$", re.IGNORECASE)


@dataclass
class Docstring:
    """The first paragraph, and for each parameter its description and, if it is said, its type."""

    summary: str = ""
    descriptions: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, kind: str | None, text: str) -> None:
        """Take over one entry; the first one of a name stays."""
        if described := first_paragraph(_ROLE.sub(r"\1", text)):
            self.descriptions.setdefault(name, described)
            said = _SAID_TYPE.search(described)
            kind = kind or (_TYPES.get(said[1], said[1]) if said else None)
        if kind and (kind := _OPTIONAL.sub("", kind).strip()):
            self.types.setdefault(name, kind)


def parse_docstring(text: str | None) -> Docstring:
    """Read a docstring; one that follows no style has a summary only."""
    lines = inspect.cleandoc(text or "").splitlines()
    doc = Docstring(first_paragraph("\n".join(_prose(lines))))
    for index, line in enumerate(lines):
        if _GOOGLE.match(line) and not line.startswith(" "):
            _read_google(lines[index + 1 :], doc)
        elif _is_numpy_header(lines, index) and line.strip().lower() in _NUMPY:
            _read_numpy(lines, index + 2, doc)
    _read_rest(lines, doc)
    return doc


def _prose(lines: list[str]) -> Iterator[str]:
    """The lines before the first section."""
    for index, line in enumerate(lines):
        if _SECTION.match(line) or _is_numpy_header(lines, index):
            return
        yield line


def _is_numpy_header(lines: list[str], index: int) -> bool:
    return index + 1 < len(lines) and bool(lines[index].strip()) and bool(re.match(r"-{3,}\s*$", lines[index + 1]))


def _entries(lines: list[str]) -> Iterator[str]:
    """The entries of an indented block: lines at its own indent, each with the deeper lines that follow."""
    indent, entry = 0, ""
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth == 0:
            break
        indent = indent or depth
        if line.strip() and depth <= indent:
            yield entry
            entry = line.strip()
        else:
            entry += "\n" + line.strip()
    yield entry


def _read_google(lines: list[str], doc: Docstring) -> None:
    for entry in _entries(lines):
        if match := _GOOGLE_ENTRY.match(entry):
            doc.add(match[1], match[2], match[3])


def _read_numpy(lines: list[str], start: int, doc: Docstring) -> None:
    names: list[str] = []
    kind, text = "", ""
    for index in range(start, len(lines) + 1):
        ended = index == len(lines) or _is_numpy_header(lines, index)
        if ended or (lines[index].strip() and not lines[index].startswith(" ")):
            for name in names:
                doc.add(name, kind, text)
            match = None if ended else _NUMPY_ENTRY.match(lines[index])
            names = [name.strip("* ") for name in match[1].split(",")] if match else []
            kind, text = (match[2] or "" if match else ""), ""
        else:
            text += lines[index].strip() + "\n"
        if ended:
            return


def _read_rest(lines: list[str], doc: Docstring) -> None:
    entry = ""
    for line in [*(line.strip() for line in lines), ":end:"]:
        if not _FIELD.match(line):
            entry += "\n" + line
            continue
        if match := _REST.match(entry):
            is_type = match[1] == "type"
            doc.add(match[3], match[4] if is_type else match[2], "" if is_type else match[4])
        entry = line
