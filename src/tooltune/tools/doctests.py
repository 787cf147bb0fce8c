"""What the examples of a docstring (`>>> mean([1, 2, 3])`) say of parameters without a type: read, never run."""

from __future__ import annotations

import ast
import doctest
import inspect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tooltune.tools.python_names import Function, Names, json_literal, last_name
from tooltune.types import UNSET

_SHOWN = 3
"""So many examples go into a schema."""


def schemas_from_examples(function: Function, names: Names) -> dict[str, dict[str, Any]]:
    """Parameter -> a schema of the values that the docstring's examples give it, for those that have any."""
    values: dict[str, list[Any]] = defaultdict(list)
    for name, value in _given(function, names):
        if value is not None and value not in values[name]:
            values[name].append(value)
    return {
        name: schema | {"examples": given[:_SHOWN]} for name, given in values.items() if (schema := schema_of(given))
    }


def schema_of(values: Sequence[Any]) -> dict[str, Any]:
    """A schema that JSON values fit; empty where they are of several types."""
    kinds = {type(value) for value in values}
    if kinds == {list}:
        inner = schema_of([element for value in values for element in value])
        return {"type": "array", **({"items": inner} if inner else {})}
    simple = {bool: "boolean", int: "integer", str: "string", dict: "object", float: "number"}
    if len(kinds) == 1:
        return {"type": simple[kinds.pop()]}
    return {"type": "number"} if kinds == {int, float} else {}


def _given(function: Function, names: Names) -> Iterator[tuple[str, Any]]:
    """Each literal value that a call in the examples gives to a parameter."""
    order = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    for call, variables in _calls(function):
        words = [(word.arg, word.value) for word in call.keywords if word.arg]
        for name, node in [*zip(order, call.args, strict=False), *words]:
            node = variables.get(node.id, node) if isinstance(node, ast.Name) else node
            value = json_literal(node, names)
            if value is not UNSET:
                yield name, value


def _calls(function: Function) -> Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
    """The calls of the function in its docstring's examples, with the variables that stand before each."""
    variables: dict[str, ast.expr] = {}
    for tree in _trees(inspect.cleandoc(ast.get_docstring(function) or "")):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                variables[node.targets[0].id] = node.value
            if isinstance(node, ast.Call) and last_name(node.func) == function.name and not _stars(node):
                yield node, dict(variables)


def _stars(call: ast.Call) -> bool:
    return any(isinstance(argument, ast.Starred) for argument in call.args)


def _trees(text: str) -> Iterator[ast.Module]:
    """The examples that are Python."""
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:  # no blank after >>>, or a line that is not indented as the others
        return
    for example in examples:
        try:
            yield ast.parse(example.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
