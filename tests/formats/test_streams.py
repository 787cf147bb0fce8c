"""Compressed and columnar datasets: the same lines inside, the same bytes again, and clear errors."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from tooltune.errors import DataError, MissingExtraError
from tooltune.formats.documented import read_examples, write_examples
from tooltune.formats.parquet import COLUMNS
from tooltune.formats.streams import SUFFIXES, suffix_of
from tooltune.types import Example, Message

PACKED = (".jsonl.gz", ".jsonl.zst", ".parquet")
EXAMPLES = [
    Example((Message("user", f"q{i} é☀"), Message("assistant", "a")), (), {"n": i, "empty": {}, "none": None})
    for i in range(2500)
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_written_and_read_again(tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix.upper()}"
    assert write_examples(first, iter(EXAMPLES)) == len(EXAMPLES)
    assert list(read_examples(first)) == EXAMPLES
    write_examples(second, read_examples(first))
    assert first.read_bytes() == second.read_bytes()


def test_compressed_lines_are_those_of_the_plain_file(tmp_path: Path) -> None:
    for suffix in (".jsonl", ".jsonl.gz", ".jsonl.zst"):
        write_examples(tmp_path / f"a{suffix}", EXAMPLES)
    plain = (tmp_path / "a.jsonl").read_bytes()
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == plain
    packed = (tmp_path / "a.jsonl.zst").read_bytes()
    assert pyarrow.CompressedInputStream(pyarrow.py_buffer(packed), "zstd").read() == plain


def test_parquet_has_text_columns_and_several_groups_of_rows(tmp_path: Path) -> None:
    write_examples(tmp_path / "a.parquet", EXAMPLES)
    file = pyarrow.parquet.ParquetFile(tmp_path / "a.parquet")
    assert file.schema_arrow == pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
    assert file.num_row_groups == 3


def save(path: Path, **columns: list[Any]) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


MESSAGES = '[{"role": "user", "content": "q"}]'


def test_further_columns_of_other_peoples_parquet_are_metadata(tmp_path: Path) -> None:
    path = save(tmp_path / "a.parquet", messages=[MESSAGES], tools=["[]"], source=["x"], rating=[None])
    assert [e.metadata for e in read_examples(path)] == [{"source": "x", "rating": None}]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"messages": [MESSAGES]}, "a.parquet: no column tools; expected the columns messages, tools"),
        ({"messages": [[{"role": "user"}]], "tools": ["[]"]}, "row 1, column messages: a list; expected JSON text"),
        ({"messages": [MESSAGES], "tools": ["[oops]"]}, "row 1, column tools: not JSON"),
        ({"messages": [MESSAGES], "tools": [None]}, "row 1, column tools: a NoneType; expected JSON text"),
        ({"messages": [MESSAGES], "tools": ["[]"], "metadata": ["3"]}, "column metadata: 3; expected a JSON object"),
        ({"messages": [MESSAGES, "[]"], "tools": ["[]", "[]"]}, "a.parquet, row 2, key messages: an empty list"),
        ({"messages": pyarrow.array([], "string"), "tools": pyarrow.array([], "string")}, "no rows; expected at"),
    ],
)
def test_parquet_that_is_no_dataset(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as caught:
        list(read_examples(save(tmp_path / "a.parquet", **columns)))
    assert said in str(caught.value)


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("keep", [0.0, 0.001, 0.5, 0.999])
def test_a_file_cut_short_is_never_taken_for_whole(tmp_path: Path, suffix: str, keep: float) -> None:
    path = tmp_path / f"a{suffix}"
    write_examples(path, EXAMPLES)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(DataError, match=r"cannot be unpacked|no Parquet file|an empty file|not JSON"):
        list(read_examples(path))


@pytest.mark.parametrize("suffix", PACKED)
def test_not_what_the_suffix_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("plain text\n")
    with pytest.raises(DataError, match=r"cannot be unpacked|no Parquet file"):
        list(read_examples(path))


@pytest.mark.parametrize("name", ["a.gz", "a.json.gz", "jsonl", "a.zst"])
def test_unknown_suffixes(name: str) -> None:
    with pytest.raises(DataError, match=r"expected .json .* or .parquet"):
        suffix_of(name)


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tooltune\[parquet\]'"):
        write_examples(tmp_path / "a.parquet", EXAMPLES)
    assert list(tmp_path.iterdir()) == []
