"""A JSON file that is one list, read item by item in the memory of one item.

Time is linear in the file, however long the file or one item of it is: the part of the text in
memory doubles whenever an item does not fit in it.

Not covered: a malformed item whose string never closes is only reported at the end of the line or
of the file, whichever comes first.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from tooltune.errors import DataError
from tooltune.files import STRICT_JSON

_SPACE = re.compile(r"[ \t\r\n]*")
# A decoder that met the end of the text complains at most this far before it ("-Infinity", "\uXXXX").
_MARGIN = 16


class Window:
    """The part of a UTF-8 file that is in memory, and a position in it.

    Args:
        file: the file, open for reading bytes.
        name: its name, for error messages.
        chunk: how many bytes are read at a time; more when one item is longer.
    """

    def __init__(self, file: BinaryIO, name: str, chunk: int = 1 << 16) -> None:
        self._file, self._name, self._chunk = file, name, chunk
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._bytes_read = 0
        self._text, self._position, self._ended = "", 0, False
        self._line, self._line_start = 1, 0

    def peek(self) -> str:
        """The next character that is not white space; the empty string at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._position)
            self._advance(space.end() if space else self._position)
            if self._position < len(self._text) or self._ended:
                return self._text[self._position : self._position + 1]
            self._grow()

    def take(self, *wanted: str) -> str:
        """The next character, which must be one of `wanted`."""
        char = self.peek()
        if char not in wanted:
            raise self.error(repr(char) if char else "the end of the file", " or ".join(map(repr, wanted)))
        self._advance(self._position + len(char))
        return char

    def value(self, where: str) -> Any:
        """The JSON value that starts here.

        Raises:
            DataError: it is not JSON; says `where`, the line and the column.
        """
        while True:
            try:
                value, end = STRICT_JSON.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                if self._ended or not self._cut_short(error):
                    raise self._not_json(where, error.msg, error.pos) from None
            except ValueError as error:
                raise DataError(where, f"not JSON: {error}") from None
            except RecursionError:
                raise DataError(where, "JSON nested too deeply to be read") from None
            else:
                # A number at the very end may go on in the next piece of the file.
                if self._ended or end + _MARGIN <= len(self._text):
                    self._advance(end)
                    return value
            self._grow()

    @property
    def line(self) -> int:
        """The line of the position, counted from 1."""
        return self._line

    def error(self, found: str, expected: str, fix: str = "") -> DataError:
        """An error at the position."""
        column = self._position - self._line_start + 1
        return DataError(f"{self._name}, line {self._line}, column {column}", found, expected, fix)

    def _cut_short(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos + _MARGIN >= len(self._text)

    def _not_json(self, where: str, message: str, position: int) -> DataError:
        self._advance(min(position, len(self._text)))
        ended = " (the file ends here)" if not self._text[self._position :].strip() else ""
        column = self._position - self._line_start + 1
        return DataError(where, f"not JSON: {message.removesuffix(' at')} at line {self._line}, column {column}{ended}")

    def _advance(self, position: int) -> None:
        """Move on to `position` in the text, counting lines."""
        newlines = self._text.count("\n", self._position, position)
        if newlines:
            self._line += newlines
            self._line_start = self._text.rindex("\n", self._position, position) + 1
        self._position = position

    def _grow(self) -> None:
        """Drop the text before the position and read on, at least as much as is in memory."""
        self._text = self._text[self._position :]
        self._line_start -= self._position
        self._position = 0
        data = self._file.read(max(self._chunk, len(self._text)))
        start = self._bytes_read - len(self._utf8.getstate()[0])
        self._bytes_read += len(data)
        self._ended = not data
        try:
            self._text += self._utf8.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            raise not_utf8(self._name, start + error.start, error) from None


def not_utf8(where: str, position: int, error: UnicodeDecodeError) -> DataError:
    """The error for a byte that is not UTF-8, at byte `position` (counted from 0) of the file or line."""
    found = f"not UTF-8: byte 0x{error.object[error.start]:02x} at offset {position}"
    return DataError(where, found, fix="Save the file as UTF-8")


def iterate_list(window: Window, name: str) -> Iterator[tuple[Any, str]]:
    """Each item of the list with where it stands, as in "data.json, example 3 (line 120)".

    Raises:
        DataError: the file is not one JSON list with at least one item.
    """
    if window.peek() == "\ufeff":  # a byte order mark
        window.take("\ufeff")
    if not window.peek():
        raise DataError(name, "an empty file", "a list of examples")
    if window.peek() != "[":
        fix = "If it holds one example on each line, name it .jsonl"
        raise window.error(repr(window.peek()), "'[', a list of examples", fix)
    window.take("[")
    if window.peek() == "]":
        raise DataError(name, "an empty list", "at least one example")
    number, following = 0, ","
    while following == ",":
        number += 1
        window.peek()
        where = f"{name}, example {number} (line {window.line})"
        yield window.value(where), where
        following = window.take(",", "]")
    if window.peek():
        raise window.error(repr(window.peek()), "the end of the file after the list")
