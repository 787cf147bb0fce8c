"""The files that a dataset can lie in, by suffix, opened as streams of bytes.

Not covered: compressed `.json` lists; name such data `.jsonl.gz`.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from tooltune.errors import DataError, missing_extra

SUFFIXES = (".jsonl.gz", ".jsonl.zst", ".parquet", ".jsonl", ".json")
_EXPECTED = (
    ".json (a list of examples) or .jsonl (one example on each line), also as .jsonl.gz or .jsonl.zst, or .parquet"
)


def suffix_of(path: str | Path) -> str:
    """The suffix that says what a dataset's file is.

    Raises:
        DataError: it is none of `SUFFIXES`.
    """
    name = Path(path).name.lower()
    found = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    if found is None:
        raise DataError(str(path), f"the suffix {Path(name).suffix!r}", _EXPECTED)
    return found


def arrow(module: str = "pyarrow") -> Any:
    """pyarrow or one of its modules.

    Raises:
        MissingExtraError: it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing_extra("pyarrow", "parquet", error)


@contextmanager
def reader(path: str | Path, suffix: str) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a file.

    Raises:
        DataError: what is compressed is cut short or damaged.
    """
    with Path(path).open("rb") as raw:
        if suffix == ".jsonl.gz":
            with gzip.GzipFile(fileobj=raw, mode="rb") as file, _whole(path):
                yield cast(BinaryIO, file)
        elif suffix == ".jsonl.zst":
            with _whole(path):
                yield io.BufferedReader(arrow().CompressedInputStream(arrow().PythonFile(raw), "zstd"))
        else:
            yield raw


@contextmanager
def _whole(path: str | Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(str(path), f"cannot be unpacked: {error}", fix="Copy or make the file again") from error


@contextmanager
def writer(path: Path, suffix: str) -> Iterator[BinaryIO]:
    """A file to write bytes to, compressed as the suffix says: the same bytes in, the same file out."""
    with path.open("wb") as raw:
        if suffix == ".jsonl.gz":  # without name and time of day
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as file:
                yield cast(BinaryIO, file)
        elif suffix == ".jsonl.zst":
            with arrow().CompressedOutputStream(arrow().PythonFile(raw, mode="w"), "zstd") as file:
                yield file
        else:
            yield raw
