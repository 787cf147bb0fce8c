"""Parquet: one row an example, with three columns of JSON text: messages, tools, metadata.

Text, and never Arrow structs: those would give every example the keys of all others. Other people's
files need `messages` and `tools` as JSON text; `metadata` may be absent, and further columns count as metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from tooltune.errors import DataError
from tooltune.files import STRICT_JSON
from tooltune.formats.streams import arrow

COLUMNS = ("messages", "tools", "metadata")
_ROWS = 1000
"""Rows in a group: what is in memory at a time."""


def write_rows(file: BinaryIO, texts: Iterable[str]) -> None:
    """Write examples, each given as its line of JSON."""
    pa, pq = arrow(), arrow("pyarrow.parquet")
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    rows = map(_row, texts)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(rows, _ROWS)):
            writer.write_table(pa.table(dict(zip(COLUMNS, zip(*group, strict=True), strict=True)), schema))


def _row(text: str) -> tuple[str, str, str]:
    data = json.loads(text)
    messages, tools = data.pop("messages"), data.pop("tools")
    return _dumps(messages), _dumps(tools), _dumps(data)


def _dumps(value: Any) -> str:
    # In a JSON string the escape of a lone surrogate, which UTF-8 cannot hold, is the same text.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def read_rows(path: str) -> Iterator[tuple[Any, str]]:
    """The examples as objects, each with where it stands.

    Raises:
        DataError: it is no Parquet file, lacks a column, or a column holds no JSON text.
    """
    number = 0
    for batch in _batches(path):
        for row in batch.to_pylist():
            number += 1
            yield _object(row, f"{path}, row {number}"), f"{path}, row {number}"
    if not number:
        raise DataError(path, "no rows", "at least one example")


def _batches(path: str) -> Iterator[Any]:
    pa = arrow()
    with Path(path).open("rb") as raw:
        try:
            file = arrow("pyarrow.parquet").ParquetFile(raw)
            missing = {"messages", "tools"} - set(file.schema_arrow.names)
            yield from () if missing else file.iter_batches(batch_size=_ROWS)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(path, f"no Parquet file that can be read: {error}") from error
    if missing:
        raise DataError(path, f"no column {', '.join(sorted(missing))}", f"the columns {', '.join(COLUMNS)}")


def _object(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    data = {name: _parsed(row[name], f"{where}, column {name}") for name in ("messages", "tools")}
    metadata = {} if row.get("metadata") is None else _parsed(row["metadata"], f"{where}, column metadata")
    if not isinstance(metadata, dict):
        raise DataError(f"{where}, column metadata", repr(metadata)[:60], "a JSON object")
    return data | metadata | {key: value for key, value in row.items() if key not in COLUMNS}


def _parsed(text: Any, where: str) -> Any:
    if not isinstance(text, str):
        raise DataError(where, f"a {type(text).__name__}", "JSON text")
    try:
        return STRICT_JSON.decode(text)
    except (ValueError, RecursionError) as error:
        raise DataError(where, f"not JSON: {error}") from None
