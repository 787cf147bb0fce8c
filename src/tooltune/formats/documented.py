"""The documented format: `.json` is one list of examples, `.jsonl` one example on each line.

Reading and writing stream: they hold one example at a time. What was read and is written again is
the same file byte for byte if it was written in this layout; nulls, the order of keys and unknown
metadata stay. Examples and lines are counted from 1, list indices in keys (`messages[0]`) from 0.

Whether a call fits its tool is the business of `tooltune.verify`; give its check as `check`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tooltune.errors import DataError
from tooltune.files import STRICT_JSON, atomic_path, file_hash, reading
from tooltune.formats.json_list import Window, iterate_list, not_utf8
from tooltune.types import Example

SUFFIXES = (".json", ".jsonl")
Check = Callable[[Example, str], None]
_HELP = ("a .json or .jsonl file", "Check the path, or generate the dataset first")


def read_examples(path: str | Path, check: Check | None = None) -> Iterator[Example]:
    """Read a dataset, one example at a time.

    Args:
        path: a file whose suffix is `.json` or `.jsonl`.
        check: called with each example and where it stands; raises if it does not like it.

    Raises:
        DataError: the suffix (at once), the file, an example or a key is wrong (when it is reached).
    """
    items = _json_items if _suffix(path) == ".json" else _jsonl_items
    return _examples(items(str(path)), check)


def write_examples(path: str | Path, examples: Iterable[Example]) -> int:
    """Write a dataset, whole or not at all, and return how many examples it has.

    Raises:
        DataError: the suffix is unknown, or a value has no JSON form; `path` is left as it was.
        OutputError: the disk does not take it.
    """
    pieces = _json_pieces if _suffix(path) == ".json" else _jsonl_pieces
    count = 0

    def counted() -> Iterator[tuple[Example, str]]:
        nonlocal count
        for count, example in enumerate(examples, 1):
            yield example, f"{path}, example {count}"

    with (
        atomic_path(path) as temporary,
        # In a JSON string the escape of a lone surrogate, which UTF-8 cannot hold, is the same text.
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
    ):
        file.writelines(pieces(counted()))
    return count


def dataset_hash(path: str | Path) -> str:
    """The SHA-256 of the dataset's bytes, in hexadecimal.

    Raises:
        DataError: the file cannot be read.
    """
    with reading(str(path), *_HELP):
        return file_hash(path)


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        expected = ".json (a list of examples) or .jsonl (one example on each line)"
        raise DataError(str(path), f"the suffix {suffix!r}", expected)
    return suffix


def _examples(items: Iterator[tuple[Any, str]], check: Check | None) -> Iterator[Example]:
    for data, where in items:
        example = Example.from_dict(data, where)
        if check is not None:
            check(example, where)
        yield example


def _json_items(path: str) -> Iterator[tuple[Any, str]]:
    with reading(path, *_HELP), Path(path).open("rb") as file:
        yield from iterate_list(Window(file, path), path)


def _jsonl_items(path: str) -> Iterator[tuple[Any, str]]:
    empty = True
    with reading(path, *_HELP), Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            where = f"{path}, line {number}"
            text = _decode(line, where)
            if text:
                yield _parse_line(text, where), where
                empty = False
    if empty:
        raise DataError(path, "an empty file", "one example on each line")


def _decode(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8").removeprefix("\ufeff").strip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise not_utf8(where, error.start, error) from None


def _parse_line(text: str, where: str) -> Any:
    fix = "If the file is one list, name it .json" if text[0] == "[" else ""
    try:
        return STRICT_JSON.decode(text)
    except json.JSONDecodeError as error:
        found = f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"
        raise DataError(where, found, fix=fix) from None
    except ValueError as error:
        raise DataError(where, f"not JSON: {error}") from None
    except RecursionError:
        raise DataError(where, "JSON nested too deeply to be read") from None


def _json_pieces(examples: Iterable[tuple[Example, str]]) -> Iterator[str]:
    """The text of one list, laid out as `json.dumps(examples, indent=2)` does."""
    before = "[\n  "
    for example, where in examples:
        # Line breaks inside strings are escaped, so that every real one belongs to the layout.
        yield before + _dumps(example, where, indent=2).replace("\n", "\n  ")
        before = ",\n  "
    yield "[]\n" if before[0] == "[" else "\n]\n"


def _jsonl_pieces(examples: Iterable[tuple[Example, str]]) -> Iterator[str]:
    for example, where in examples:
        yield _dumps(example, where) + "\n"


def _dumps(example: Example, where: str, indent: int | None = None) -> str:
    try:
        return json.dumps(example.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(where, f"no JSON form: {error}", "values that JSON can hold") from error
