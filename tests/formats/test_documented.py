"""The documented format: exact bytes, streaming, and errors that say where."""

from __future__ import annotations

import hashlib
import json
import time
import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tooltune.errors import DataError, OutputError
from tooltune.formats.documented import dataset_hash, read_examples, write_examples
from tooltune.formats.json_list import Window, iterate_list
from tooltune.formats.streams import SUFFIXES
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

WEATHER = Tool("get_weather", "The weather", [ToolParameter("city", "City", required=True)])


def example(question: str = "Weather in Köln?", **metadata: Any) -> Example:
    call = ToolCall("get_weather", {"city": "Köln", "unit": None, "days": [1, 2.5], "more": {}})
    messages = (
        Message("user", question),
        Message("assistant", "Let me look.", (call,)),
        Message("tool", '{"sky": "☀"}', name="get_weather"),
        Message("assistant", "Sunny \U0001f600"),
    )
    return Example(messages, (WEATHER,), metadata)


EXAMPLES = [example(), example("line\nbreak \u2028 \x7f", z=1, a=[None, {"k": []}]), example("", id="x")]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def save(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def expected_json(examples: list[Example]) -> bytes:
    dicts = [e.to_dict() for e in examples]
    return (json.dumps(dicts, indent=2, ensure_ascii=False) + "\n").encode()


def expected_jsonl(examples: list[Example]) -> bytes:
    return "".join(json.dumps(e.to_dict(), ensure_ascii=False) + "\n" for e in examples).encode()


def error_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(read_examples(path))
    return str(caught.value)


# Writing


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_layout_is_that_of_json_dumps(tmp_path: Path, count: int) -> None:
    assert write_examples(tmp_path / "a.json", iter(EXAMPLES[:count])) == count
    assert (tmp_path / "a.json").read_bytes() == expected_json(EXAMPLES[:count])


def test_jsonl_layout(tmp_path: Path) -> None:
    assert write_examples(tmp_path / "a.jsonl", EXAMPLES) == 3
    assert (tmp_path / "a.jsonl").read_bytes() == expected_jsonl(EXAMPLES)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arguments=st.dictionaries(st.text(), json_values, max_size=3), note=json_values, text=st.text())
def test_round_trip(tmp_path: Path, suffix: str, arguments: dict[str, Any], note: Any, text: str) -> None:
    call = Message("assistant", text, (ToolCall("get_weather", arguments),))
    examples = [Example((Message("user", text), call), (WEATHER,), {"note": note})] * 2
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    write_examples(first, examples)
    assert list(read_examples(first)) == examples
    write_examples(second, read_examples(first))
    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lone_surrogates_round_trip(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    examples = [example("half \ud83d of \udc00 it", note="\udfff")]
    write_examples(path, examples)
    if suffix in (".json", ".jsonl"):
        assert b"half \\ud83d of \\udc00 it" in path.read_bytes()
    assert list(read_examples(path)) == examples


def test_a_file_can_be_rewritten_from_itself(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", expected_json(EXAMPLES))
    assert write_examples(path, read_examples(path)) == 3
    assert path.read_bytes() == expected_json(EXAMPLES)


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "nan"), ({1, 2}, "set"), (float("inf"), "inf")])
def test_values_without_json_form(tmp_path: Path, value: Any, said: str) -> None:
    with pytest.raises(DataError, match=rf"a\.jsonl, example 2: no JSON form.*(?i:{said}|JSON compliant)"):
        write_examples(tmp_path / "a.jsonl", [example(), example(note=value)])
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_the_old_file(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", expected_json(EXAMPLES))

    def interrupted() -> Iterator[Example]:
        yield example()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_examples(path, interrupted())
    assert path.read_bytes() == expected_json(EXAMPLES)
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left"):
        write_examples(tmp_path / "a.json", EXAMPLES)


def test_unknown_suffix_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the suffix '.txt'; expected .json .* or .jsonl"):
        read_examples(tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"the suffix ''; expected .json"):
        write_examples(tmp_path / "a", [])


# Reading


@pytest.mark.parametrize("chunk", [*range(1, 40), 1000])
def test_chunk_boundaries_anywhere(chunk: int) -> None:
    values = [{"é☀😀": [1, -2.5e-10, "\\", '"', "\ud83d"]}, 12345, -1.5e10, True, None, "x" * 90, [], {}]
    text = json.dumps(values, indent=1).replace('"x', '"\\u00e9☀😀x')
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), json.dumps(values).encode() + b" \r\n"):
        found = [value for value, _ in iterate_list(Window(BytesIO(data), "f", chunk), "f")]
        assert found == json.loads(data.decode("utf-8-sig"))


@pytest.mark.parametrize("number", ["1", "-1", "1.25", "1e5", "1E+5", "-1.5e-15", "12345678901234567890"])
def test_a_number_is_never_cut(number: str) -> None:
    for spaces in range(24):
        data = f"[{' ' * spaces}{number}]".encode()
        for chunk in (1, 8, 16, 24):
            found = [value for value, _ in iterate_list(Window(BytesIO(data), "f", chunk), "f")]
            assert found == [json.loads(number)]


def test_bom_and_windows_line_ends(tmp_path: Path) -> None:
    for suffix, data in ((".json", expected_json(EXAMPLES)), (".jsonl", expected_jsonl(EXAMPLES))):
        path = save(tmp_path / f"a{suffix}", b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
        assert list(read_examples(path)) == EXAMPLES


def test_blank_lines_of_jsonl_are_skipped_but_counted(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jsonl", b"\n" + expected_jsonl(EXAMPLES[:1]) + b"  \n[]\n")
    assert error_of(path).startswith(f"{path}, line 4: []; expected an object")


def test_check_sees_each_example_and_where(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", expected_json(EXAMPLES))
    seen: list[tuple[Example, str]] = []
    list(read_examples(path, lambda found, where: seen.append((found, where))))
    assert [found for found, _ in seen] == EXAMPLES
    lines = path.read_text("utf-8").split("\n")
    starts = [number for number, line in enumerate(lines, 1) if line == "  {"]
    assert [where for _, where in seen] == [f"{path}, example {n} (line {line})" for n, line in enumerate(starts, 1)]


def test_a_check_that_raises_stops_the_reading(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jsonl", expected_jsonl(EXAMPLES))

    def refuse(_: Example, where: str) -> None:
        raise DataError(where, "refused")

    with pytest.raises(DataError, match=r"a\.jsonl, line 1: refused"):
        list(read_examples(path, refuse))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        write_examples(path, (example("x" * 2000) for _ in range(1500)))
        size = 1500 * 2000
        tracemalloc.start()
        assert sum(1 for _ in read_examples(path)) == 1500
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < size / 4 or (suffix == ".parquet" and peak < 4 * size), suffix


def seconds_to_read(data: bytes) -> float:
    start = time.process_time()
    for _ in iterate_list(Window(BytesIO(data), "f", 4096), "f"):
        pass
    return time.process_time() - start


@pytest.mark.parametrize("kind", ["one big item", "many small items", "small items after a big one"])
def test_time_is_linear(kind: str) -> None:
    def data(size: int) -> bytes:
        big = [{"a": ["word"] * size}] if kind != "many small items" else []
        small = [{"a": 1}] * size if kind != "one big item" else []
        return json.dumps(big + small).encode()

    small, large = data(20_000), data(320_000)
    # 16 times as long: quadratic time would take 256 times as long.
    assert seconds_to_read(large) < 80 * max(seconds_to_read(small), 0.002)


# Errors of reading


def test_missing_file_folder_and_device(tmp_path: Path) -> None:
    assert "no such file. Check the path" in error_of(tmp_path / "no.json")
    (tmp_path / "folder.jsonl").mkdir()
    assert "a folder; expected a .json or .jsonl file" in error_of(tmp_path / "folder.jsonl")
    (tmp_path / "file").write_text("")
    assert "cannot be read" in error_of(tmp_path / "file" / "a.json")


ONE = json.dumps(EXAMPLES[0].to_dict())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "", "a.json: an empty file; expected a list"),
        ("a.json", " \n", "a.json: an empty file"),
        ("a.json", "[]", "a.json: an empty list; expected at least one example"),
        ("a.json", ONE, "a.json, line 1, column 1: '{'; expected '[', a list of examples. If it holds one"),
        ("a.json", "[" + ONE, f"line 1, column {len(ONE) + 2}: the end of the file; expected ',' or ']'"),
        ("a.json", "[" + ONE + "\n" + ONE + "]", "line 2, column 1: '{'; expected ',' or ']'"),
        ("a.json", "[" + ONE + "] []", "'['; expected the end of the file after the list"),
        ("a.json", "[" + ONE + ",]", f"not JSON: Expecting value at line 1, column {len(ONE) + 3}"),
        ("a.json", "[" + ONE + ',\n\n{"a": tru}]', "example 2 (line 3): not JSON: Expecting value at line 3"),
        ("a.json", "[" + ONE[:100], "example 1 (line 1): not JSON: Expecting"),
        ("a.json", "[" + ONE[:28], "not JSON: Unterminated string starting at line 1, column"),
        ("a.json", '[{"a": NaN}]', "example 1 (line 1): not JSON: NaN is not JSON"),
        ("a.json", '[{"a": 1, "a": 2}]', "not JSON: the key 'a' is given twice"),
        ("a.json", "[" * 200_000, "example 1 (line 1): JSON nested too deeply"),
        ("a.json", "[1" + "0" * 5000 + "]", "example 1 (line 1): not JSON: Exceeds the limit"),
        ("a.json", "[7]", "example 1 (line 1): 7; expected an object"),
        ("a.json", f"[{ONE},\n {{}}]", "example 2 (line 2), key messages: nothing; expected a list"),
        ("a.jsonl", "", "a.jsonl: an empty file; expected one example on each line"),
        ("a.jsonl", "\n \n", "a.jsonl: an empty file"),
        (
            "a.jsonl",
            "[\n" + ONE + "\n]\n",
            "line 1: not JSON: Expecting value at column 2. If the file is one",
        ),
        ("a.jsonl", ONE + "\n" + ONE[:100], "a.jsonl, line 2: not JSON: "),
        ("a.jsonl", ONE + " x", f"line 1: not JSON: Extra data at column {len(ONE) + 2}"),
        ("a.jsonl", '{"a": Infinity}', "line 1: not JSON: Infinity is not JSON"),
        ("a.jsonl", "[" * 200_000, "line 1: JSON nested too deeply"),
        ("a.jsonl", ONE + '\n{"messages": [{"role": "x"}]}', "line 2, key tools: nothing"),
        (
            "a.jsonl",
            '{"messages": [{"role": "user", "content": ""}, {"role": "x"}], "tools": []}',
            "line 1, key messages[1], key role: 'x'; expected one of system, user",
        ),
    ],
)
def test_error_says_where_and_what(tmp_path: Path, name: str, text: str, said: str) -> None:
    assert said in error_of(save(tmp_path / name, text))


@pytest.mark.parametrize("cut", range(1, 1000, 83))
def test_a_truncated_file_is_never_taken_for_whole(tmp_path: Path, cut: int) -> None:
    data = expected_json(EXAMPLES)[:-3]
    error_of(save(tmp_path / "a.json", data[:-cut]))


def test_examples_before_an_error_are_given(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", f"[{ONE}, oops]")
    reading = read_examples(path)
    assert next(reading) == EXAMPLES[0]
    with pytest.raises(DataError, match="example 2"):
        next(reading)


def test_a_malformed_item_is_reported_without_reading_on() -> None:
    file = BytesIO(b'[{"a": oops, "b": 1},' + b" " * 1_000_000)
    with pytest.raises(DataError, match="column 8"):
        list(iterate_list(Window(file, "f", chunk=1024), "f"))
    assert file.tell() == 1024


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(("data", "offset"), [(b'["\xe2\x98\x80\xff"]', 5), (b'["ab\xe2\x98', 4)])
def test_not_utf8_says_the_byte(data: bytes, offset: int, chunk: int) -> None:
    with pytest.raises(DataError, match=rf"^f: not UTF-8: byte 0x\w\w at offset {offset}\. Save"):
        list(iterate_list(Window(BytesIO(data), "f", chunk), "f"))


def test_not_utf8_in_jsonl(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jsonl", ONE.encode() + b'\n{"a": "\xfc"}\n')
    assert "a.jsonl, line 2: not UTF-8: byte 0xfc at offset 7" in error_of(path)


def test_dataset_hash(tmp_path: Path) -> None:
    path = save(tmp_path / "a.json", expected_json(EXAMPLES))
    assert dataset_hash(path) == hashlib.sha256(expected_json(EXAMPLES)).hexdigest()
    with pytest.raises(DataError, match="no such file"):
        dataset_hash(tmp_path / "no.json")
