import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooltune.errors import DataError
from tooltune.formats.documented import write_examples
from tooltune.verify.held_out import json_type, read_held_out
from tooltune.verify.words import user_texts, words

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": ["integer", "null"]}}}
TOOL = {"name": "get_weather", "description": "Get the weather.", "parameters": SCHEMA}
SHAPE = ("getweather", {("city", "string"), ("days", "integer|null")}, "Get the weather.")


def read(folder, rows, name="held_out.jsonl"):
    path = folder / name
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return list(read_held_out(path))


def shape(tool):
    return (tool.name, set(tool.parameters), tool.description)


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_files_of_ours(generated, tmp_path, suffix):
    path = tmp_path / f"ours{suffix}"
    write_examples(path, generated[:20])
    entries = list(read_held_out(path))
    assert [entry.texts for entry in entries] == [tuple(user_texts(example)) for example in generated[:20]]
    assert [len(entry.tools) for entry in entries] == [len(example.tools) for example in generated[:20]]
    assert entries[0].where.startswith(str(path))


@pytest.mark.parametrize(
    "question",
    [
        {"question": "Is it raining?"},
        {"query": "Is it raining?"},
        {"prompt": "Is it raining?"},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is it raining?"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Is it raining?"}]}]},
        {"conversations": [{"from": "human", "value": "Is it raining?"}, {"from": "gpt", "value": "No."}]},
        {"id": "simple_0", "question": [[{"role": "user", "content": "Is it raining?"}]]},
    ],
)
def test_questions_in_every_form(tmp_path, question):
    (entry,) = read(tmp_path, [question])
    assert entry.texts == (words("Is it raining?"),)


def test_turns_are_messages_of_their_own(tmp_path):
    turns = [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
             [{"role": "user", "content": "Bye"}]]  # fmt: skip
    (entry,) = read(tmp_path, [{"question": turns}])
    assert entry.texts == (("hi",), ("bye",))


@pytest.mark.parametrize(
    "row",
    [
        {"tools": [TOOL]},
        {"functions": [TOOL]},
        {"function": TOOL},
        {"function": [TOOL]},
        {"type": "function", "function": TOOL},
        {"tools": [{"type": "function", "function": TOOL}]},
        {"tools": json.dumps([TOOL])},
        TOOL,
        {"name": "getWeather", "description": "Get the weather.", "inputSchema": SCHEMA},
        {"function": [TOOL | {"parameters": SCHEMA | {"type": "dict"}}]},
        {"tools": [TOOL | {"parameters": {"city": {"type": "str"}, "days": {"type": ["int", "null"]}}}]},
    ],
)
def test_tools_in_every_form(tmp_path, row):
    (entry,) = read(tmp_path, [row])
    assert [shape(tool) for tool in entry.tools] == [SHAPE]
    assert entry.texts == ()


def test_json_lines_may_be_called_json(tmp_path):
    entries = read(tmp_path, ["How are you?", {"query": "And now?"}], "BFCL_v3_simple.json")
    assert [entry.texts for entry in entries] == [(("how", "are", "you"),), (("and", "now"),)]
    assert entries[1].where.endswith("BFCL_v3_simple.json, line 2")
    (tmp_path / "tools.json").write_text(json.dumps({"tools": [TOOL, TOOL]}, indent=2))
    (entry,) = read_held_out(tmp_path / "tools.json")
    assert len(entry.tools) == 2


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("float", "number"), ("dict", "object"), ("List[int]", "array"), ("str, optional", "string"),
        (["null", "integer"], "integer|null"), (None, "any"), ("any", "any"), (7, "any"),
    ],
)  # fmt: skip
def test_types_in_the_words_of_json_schema(kind, expected):
    assert json_type(kind) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty file"),
        ("[]", "an empty list"),
        ('{"query": "a"}\n{"answer": 7}', "the keys answer"),
        ("{}", "the keys none"),
        ("7", "7"),
        ('{"query": ', "not JSON"),
        ('{"tools": "[{"}', "not JSON"),
        ('{"query": ' + "[" * 900 + "]" * 900 + "}", "nested too deeply"),
    ],
)
def test_what_cannot_be_compared_is_named(tmp_path, text, found):
    path = tmp_path / "held_out.json"
    path.write_text(text)
    with pytest.raises(DataError, match=found) as error:
        list(read_held_out(path))
    assert str(path) in error.value.where


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        list(read_held_out(tmp_path / "absent.json"))
    with pytest.raises(DataError, match="a folder"):
        list(read_held_out(tmp_path))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["question", "messages", "tools", "function", "name", "parameters", "properties", "type",
                         "role", "content", "description"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_any_json_is_read_or_refused(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(value))
    with suppress(DataError):  # anything else would be a crash
        for entry in read_held_out(path):
            assert entry.texts or entry.tools or isinstance(value, str | list)
