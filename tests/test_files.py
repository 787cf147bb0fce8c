"""Files are whole or absent, and a failure names the path."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tooltune.errors import OutputError
from tooltune.files import (
    STRICT_JSON,
    atomic_path,
    file_hash,
    output_error,
    writable_folder,
    write_json,
    write_text,
)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """A real limit of the system, under which a write is cut short part of the way."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_success_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.json") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".json"
        temporary.write_text("new")
        assert not (tmp_path / "a.json").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "new"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_failure_keeps_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise failure

    with pytest.raises(failure):
        fail_half_way()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_a_write_cut_short_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with file_size_limit(1000), pytest.raises(OutputError, match=r"big\.txt: cannot be written.*ulimit"):
        write_text(path, "x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_says_how_much_is_free() -> None:
    with pytest.raises(OutputError, match=r"/dev/full: cannot be written: No space left.*MiB are free"):
        write_text("/dev/full", "x")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)  # noqa: PTH116 (the device is still one)


def test_quota_counts_as_full(tmp_path: Path) -> None:
    error = output_error(tmp_path / "a", OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert "MiB are free" in str(error)


def test_permissions_are_those_of_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "atomic", "")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "elsewhere" / "real.txt")
    write_text(link, "text")
    assert link.is_symlink()
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == ["real.txt"]


def test_longest_name_is_possible_and_longer_is_an_error(tmp_path: Path) -> None:
    write_text(tmp_path / ("n" * 255), "text")
    with pytest.raises(OutputError, match="shorter name"):
        write_text(tmp_path / ("n" * 256), "text")
    assert [len(p.name) for p in tmp_path.iterdir()] == [255]


def test_missing_folder_folder_and_file_as_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Make the folder first"):
        write_text(tmp_path / "no" / "a.txt", "")
    with pytest.raises(OutputError, match="Give the path of a file"):
        write_text(tmp_path, "")
    with pytest.raises(OutputError, match="part of the path is a file"):
        write_text(tmp_path / "file" / "a.txt", "")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_errors_about_other_files_are_not_blamed_on_this_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        (tmp_path / "source").read_text()


def test_broken_pipe_is_left_to_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), atomic_path(tmp_path / "a"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_write_json(tmp_path: Path) -> None:
    value = {"ä": [1, None, "\ud800 \u2028"], "b": {}}
    write_json(tmp_path / "a.json", value)
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == value
    assert (tmp_path / "a.json").read_text("utf-8").startswith('{\n  "ä": [\n    1,')
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", float("nan"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_writable_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = writable_folder(tmp_path / "a" / "b", "a folder for results")
    assert folder == tmp_path / "a" / "b"
    assert list(folder.iterdir()) == []
    assert writable_folder(folder, "a folder for results") == folder


@pytest.mark.parametrize("path", ["/proc", "/proc/new", "/sys", "/sys/new"])
def test_folder_on_a_read_only_file_system(path: str) -> None:
    with pytest.raises(OutputError, match=f"^{path}: cannot be written.*a folder for results"):
        writable_folder(path, "a folder for results")


def test_folder_that_is_a_file_or_under_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="part of the path is a file"):
            writable_folder(path, "a folder for results")


def test_folder_where_no_byte_can_be_written(tmp_path: Path) -> None:
    with file_size_limit(0), pytest.raises(OutputError, match="cannot be written"):
        writable_folder(tmp_path / "a", "a folder for results")
    assert list((tmp_path / "a").iterdir()) == []


def test_file_hash(tmp_path: Path) -> None:
    data = bytes(range(256)) * 3000
    (tmp_path / "a").write_bytes(data)
    assert file_hash(tmp_path / "a") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' is given twice"),
        ("[NaN]", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("[1e999]", "the number 1e999 is too large"),
    ],
)
def test_strict_json_refuses(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        STRICT_JSON.decode(text)


def test_strict_json_reads_json() -> None:
    text = '{"a": [1, 1.5, -0.0, 1e-999, null, true, "\\ud83d\\ude00"]}'
    assert STRICT_JSON.decode(text) == json.loads(text)
