"""The documented format: `.json` is one list of examples, `.jsonl` one example on each line.

Lines may be compressed (`.jsonl.gz`, `.jsonl.zst`), and `.parquet` holds the same in columns (`formats.parquet`).
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
from tooltune.formats.parquet import read_rows, write_rows
from tooltune.formats.streams import reader, suffix_of, writer
from tooltune.types import Example

Check = Callable[[Example, str], None]
_HELP = ("a .json or .jsonl file", "Check the path, or generate the dataset first")


def read_examples(path: str | Path, check: Check | None = None) -> Iterator[Example]:
    """Read a dataset, one example at a time.

    Args:
        path: a file with one of the suffixes in `formats.streams`.
        check: called with each example and where it stands; raises if it does not like it.

    Raises:
        DataError: the suffix (at once), the file, an example or a key is wrong (when it is reached).
        MissingExtraError: the suffix needs pyarrow.
    """
    return _examples(_items(str(path), suffix_of(path)), check)


def write_examples(path: str | Path, examples: Iterable[Example]) -> int:
    """Write a dataset, whole or not at all, and return how many examples it has.

    Raises:
        DataError: the suffix is unknown, or a value has no JSON form; `path` is left as it was.
        MissingExtraError: the suffix needs pyarrow.
        OutputError: the disk does not take it.
    """
    suffix = suffix_of(path)
    numbered = enumerate(examples, 1)
    return write_texts(path, (text_of(example, suffix, f"{path}, example {i}") for i, example in numbered))


def text_of(example: Example, suffix: str, where: str) -> str:
    """An example as it stands in a file with this suffix; in Parquet's case, its line of JSON.

    Raises:
        DataError: a value has no JSON form.
    """
    if suffix != ".json":
        return _dumps(example, where)
    # Line breaks inside strings are escaped, so that every real one belongs to the layout.
    return _dumps(example, where, indent=2).replace("\n", "\n  ")


def write_texts(path: str | Path, texts: Iterable[str]) -> int:
    """Write a dataset from what `text_of` gave for each example; as `write_examples`."""
    suffix = suffix_of(path)
    count = 0

    def counted() -> Iterator[str]:
        nonlocal count
        for text in texts:
            count += 1
            yield text

    with atomic_path(path) as temporary, writer(temporary, suffix) as file:
        if suffix == ".parquet":
            write_rows(file, counted())
        else:
            pieces = _json_pieces(counted()) if suffix == ".json" else (f"{text}\n" for text in counted())
            # In a JSON string the escape of a lone surrogate, which UTF-8 cannot hold, is the same text.
            file.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)
    return count


def dataset_hash(path: str | Path) -> str:
    """The SHA-256 of the dataset's bytes, in hexadecimal.

    Raises:
        DataError: the file cannot be read.
    """
    with reading(str(path), *_HELP):
        return file_hash(path)


def _examples(items: Iterator[tuple[Any, str]], check: Check | None) -> Iterator[Example]:
    for data, where in items:
        example = Example.from_dict(data, where)
        if check is not None:
            check(example, where)
        yield example


def _items(path: str, suffix: str) -> Iterator[tuple[Any, str]]:
    with reading(path, *_HELP):
        if suffix == ".parquet":
            yield from read_rows(path)
            return
        with reader(path, suffix) as file:
            yield from iterate_list(Window(file, path), path) if suffix == ".json" else _lines(file, path)


def _lines(file: Iterable[bytes], path: str) -> Iterator[tuple[Any, str]]:
    empty = True
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


def _json_pieces(texts: Iterable[str]) -> Iterator[str]:
    """The text of one list, laid out as `json.dumps(examples, indent=2)` does."""
    before = "[\n  "
    for text in texts:
        yield before + text
        before = ",\n  "
    yield "[]\n" if before[0] == "[" else "\n]\n"


def _dumps(example: Example, where: str, indent: int | None = None) -> str:
    try:
        return json.dumps(example.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(where, f"no JSON form: {error}", "values that JSON can hold") from error
