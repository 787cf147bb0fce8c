"""The Berkeley Function-Calling Leaderboard: its single-turn Python categories as items.

    items = load_bfcl(["simple_python", "irrelevance"])

The questions come from the installed package bfcl-eval, or from a folder laid out like its `data`:
`BFCL_v4_<category>.json`, and the accepted answers in `possible_answer/`.

Not covered: web search, memory, Java and JavaScript; those of several turns are read by `bfcl_multi_turn`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tooltune.errors import ConfigError, DataError, MissingExtraError
from tooltune.evaluate.bfcl_world import PACKAGE
from tooltune.evaluate.items import Item, Outcome
from tooltune.files import read_json_lines
from tooltune.tools.schemas import map_subschemas
from tooltune.types import Message, Tool, ToolCall

CATEGORIES: Mapping[str, Outcome] = {
    "simple_python": "call",
    "multiple": "call",
    "parallel": "call",
    "parallel_multiple": "call",
    "irrelevance": "abstain",
    "live_simple": "call",
    "live_multiple": "call",
    "live_parallel": "call",
    "live_parallel_multiple": "call",
    "live_irrelevance": "abstain",
    "live_relevance": "call",
}
"""The categories of one turn, and what the model should decide in each."""

MULTI_TURN = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param", "multi_turn_long_context")
"""Those of several turns, which are asked only by name."""

WITHOUT_ANSWERS = ("irrelevance", "live_irrelevance", "live_relevance")
_TYPES: Mapping[Any, str] = {"dict": "object", "float": "number", "tuple": "array"}


def load_bfcl(categories: Sequence[str] = (), folder: Path | None = None) -> list[Item]:
    """The items of the categories, in the order of the files; of all categories if none is named.

    Raises:
        ConfigError: there is no such category.
        MissingExtraError: no folder is given, and bfcl-eval is not installed.
        DataError: a file is missing or not in BFCL's form.
    """
    for name in categories:
        if name not in CATEGORIES:
            raise ConfigError(
                "--suite", f"the category {name!r}", f"one or more of {', '.join([*CATEGORIES, *MULTI_TURN])}"
            )
    where = data_folder() if folder is None else folder
    return [item for name in categories or CATEGORIES for item in _items(where, name)]


def data_folder() -> Path:
    """The data folder of the installed package, which is found without importing it."""
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is None or not spec.submodule_search_locations:
        fix = f"Install it with: pip install --no-deps {PACKAGE} (or give --suite_folder)"
        raise MissingExtraError("bfcl-eval", "not installed", fix=fix)
    return Path(spec.submodule_search_locations[0]) / "data"


def _items(folder: Path, category: str) -> Iterator[Item]:
    name = f"BFCL_v4_{category}.json"
    rows = rows_of(folder / name)
    answers = {} if category in WITHOUT_ANSWERS else dict(_answers(folder / "possible_answer" / name))
    for row, where in rows:
        with_answer = category not in WITHOUT_ANSWERS
        if with_answer and row["id"] not in answers:
            raise DataError(where, f"no answer to {row['id']!r}", f"one in possible_answer/{name}")
        yield _item(row, category, answers[row["id"]] if with_answer else ())


def rows_of(path: Path, identity: str = "id") -> list[tuple[Mapping[str, Any], str]]:
    """The rows of a file, each with where it stands; each is known by its key `identity`."""
    rows = list(read_json_lines(path, "Give the folder of BFCL's data as --suite_folder"))
    for row, where in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get(identity), str):
            raise DataError(where, repr(row)[:60], f'an object with the key "{identity}", as in BFCL\'s data')
    return rows


def _answers(path: Path) -> Iterator[tuple[str, tuple[Mapping[str, Any], ...]]]:
    for row, where in rows_of(path):
        answers = row.get("ground_truth")
        if not isinstance(answers, list) or not all(map(_is_answer, answers)):
            raise DataError(f"{where}, key ground_truth", repr(answers)[:60], "[{tool: {argument: [values]}}, ...]")
        yield row["id"], tuple(answers)


def _is_answer(answer: Any) -> bool:
    """Whether it names one tool, and lists what each argument may be."""
    if not isinstance(answer, Mapping) or len(answer) != 1:
        return False
    (accepted,) = answer.values()
    return isinstance(accepted, Mapping) and all(isinstance(values, list) for values in accepted.values())


def _item(row: Mapping[str, Any], category: str, answers: tuple[Mapping[str, Any], ...]) -> Item:
    where = f"{category}, {row['id']}"
    try:
        (messages,) = row["question"]
        functions = row["function"]
    except (KeyError, TypeError, ValueError):
        _not_bfcl(where)
    tools = tuple(tool_of(function, where) for function in functions)
    return Item(
        id=row["id"],
        scenario=category,
        messages=tuple(Message.from_dict(message, where) for message in messages),
        tools=tools,
        outcome=CATEGORIES[category],
        calls=tuple(_call(answer, tools) for answer in answers),
        scorer="bfcl",
        answers=answers,
    )


def _not_bfcl(where: str) -> NoReturn:
    raise DataError(where, "not a row of one turn", 'a "question" of one turn and a list of tools under "function"')


def tool_of(function: Mapping[str, Any], where: str = "tool") -> Tool:
    """BFCL's description of a function as a tool: its types in JSON Schema's words, all else as it is."""
    schema = function.get("parameters") or {}
    return Tool.from_dict({**function, "parameters": _schema(schema)}, where)


def _schema(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    converted = map_subschemas(schema, _schema)
    kind = converted.pop("type", "any")
    return converted if kind == "any" else {"type": _TYPES.get(kind, kind)} | converted


def _call(answer: Mapping[str, Mapping[str, Any]], tools: Sequence[Tool]) -> ToolCall:
    """The shortest call that the answer accepts."""
    ((name, accepted),) = answer.items()
    required = {p.name for tool in tools if tool.name == name for p in tool.parameters if p.required}
    needed = [argument for argument, values in accepted.items() if "" not in values or argument in required]
    return ToolCall(name, {argument: first_value(accepted[argument]) for argument in needed})


def first_value(values: Sequence[Any]) -> Any:
    """The first of the accepted values as a call would say it."""
    return _said(next((value for value in values if value != ""), ""))


def _said(value: Any) -> Any:
    """In an accepted object, every member is itself a list of accepted values."""
    if isinstance(value, Mapping):
        members = {name: part for name, part in value.items() if isinstance(part, list)}
        return {name: first_value(part) for name, part in members.items() if "" not in part}
    return [_said(part) for part in value] if isinstance(value, list) else value
