"""Files in and out: whole or not at all, strict JSON, and errors that name the path.

A result is written to a temporary name beside its place and renamed onto it, so that no reader, and
no run that resumes, ever meets half a file.

Not covered: a power cut between the rename and the file system's own journal, and two processes
that write the same path (the later rename wins; each file is whole).
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from tooltune.errors import DataError, OutputError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FIXES = {
    errno.ENOENT: "Make the folder first, or choose another path",
    errno.ENOTDIR: "A part of the path is a file; choose another path",
    errno.EEXIST: "A part of the path is a file; choose another path",
    errno.EISDIR: "Give the path of a file",
    errno.EROFS: "The file system is read-only; choose another path",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f)",
    errno.ENAMETOOLONG: "Choose a shorter name",
}


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`: renamed onto it at the end, removed if anything fails.

    What exists and is no regular file (`/dev/stdout`, a pipe) is written in place. A symbolic link
    stays one; the file it points to is replaced.

    Raises:
        OutputError: the file cannot be made, written in full, or renamed.
    """
    target = Path(os.path.realpath(path))
    # A short name of its own: the target's name may already have the greatest length allowed.
    temporary = target.with_name(f".{secrets.token_hex(6)}{target.suffix[:10]}")
    try:
        with _output_errors(path, temporary):
            if Path(path).exists() and not Path(path).is_file():
                yield Path(path)
                return
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _flush_to_disk(path: Path) -> None:
    """Without this a crash soon after the rename could leave an empty file under the final name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _output_errors(path: str | Path, writing: Path) -> Iterator[None]:
    """Turn what the system says about `writing` into an OutputError about `path`."""
    try:
        yield
    except BrokenPipeError:  # the reader of a pipe has gone, as `| head` does: no fault of the output
        raise
    except OSError as error:
        if error.filename not in (None, str(writing), str(path)):
            raise  # about another file, such as one that is read from
        raise output_error(path, error) from error


@contextmanager
def reading(path: str, expected: str, fix: str) -> Iterator[None]:
    """Turn what the system says about reading `path` into a DataError.

    Args:
        path: the file, for the error.
        expected: what it should be, where it is a folder.
        fix: what to do where there is no such file.
    """
    try:
        yield
    except FileNotFoundError:
        raise DataError(path, "no such file", fix=fix) from None
    except IsADirectoryError:
        raise DataError(path, "a folder", expected) from None
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error


def output_error(path: str | Path, error: OSError, purpose: str = "") -> OutputError:
    """The error that says why `path` cannot be written, and what to do about it."""
    found = f"cannot be written: {error.strerror or error}"
    if error.errno in _FULL:
        fix = f"{_free_space(Path(path))}; free some space, or choose another disk"
        return OutputError(str(path), found, purpose, fix)
    fix = _FIXES.get(error.errno or 0, "Choose a path you may write to")
    return OutputError(str(path), found, purpose, fix)


def _free_space(path: Path) -> str:
    """How much space is free on the disk of `path`, in words."""
    folder = next((parent for parent in path.absolute().parents if parent.is_dir()), Path("/"))
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return "The free space is unknown"
    return f"{free / 2**20:,.1f} MiB are free on the disk of {folder}"


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all.

    A lone surrogate, which UTF-8 cannot hold, is written as the escape `\\udXXX`: inside a JSON
    string that is the same character again.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot say; write None instead.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def writable_folder(path: str | Path, purpose: str) -> Path:
    """Make the folder and prove that a file can be written in it.

    Args:
        path: the folder; missing parents are made too.
        purpose: what it is for, as in "a folder for the run's results".

    Raises:
        OutputError: it cannot be made or written to.
    """
    folder = Path(path)
    probe = folder / f".{secrets.token_hex(6)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0")
    except OSError as error:
        raise output_error(folder, error, purpose) from error
    finally:
        with suppress(OSError):
            probe.unlink()
    return folder


def read_json_lines(path: str | Path, fix: str) -> Iterator[tuple[Any, str]]:
    """Each line's value with where it stands, as in "data.jsonl, line 3"; empty lines are skipped.

    Args:
        path: a file of JSON values, one a line.
        fix: what to do where there is no such file.

    Raises:
        DataError: the file cannot be read, or a line is not JSON.
    """
    with reading(str(path), "a file of JSON lines", fix), Path(path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            where = f"{path}, line {number}"
            if line.strip():
                yield _json_line(line, where), where


def _json_line(line: bytes, where: str) -> Any:
    try:
        return STRICT_JSON.decode(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(where, f"not JSON: {error}", "one JSON value a line, in UTF-8") from None


def first_process() -> bool:
    """Whether this process writes the results: the only one, or the first that a distributed launcher started."""
    return os.environ.get("RANK", "0") == "0"


def file_hash(path: str | Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal; reads it in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    keys = [key for key, _ in pairs]
    raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is given twice")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text} is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant)
"""Decodes what any JSON reader would accept, with one meaning: no repeated key, NaN or Infinity.

Raises ValueError (JSONDecodeError where the syntax is wrong), or RecursionError if nested too deeply.
"""


def read_earlier(path: Path) -> dict[str, Any]:
    """A JSON object that an earlier run wrote; empty where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
