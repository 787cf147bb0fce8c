"""The names of a Python file, from its syntax tree: functions, classes, values, and what imports call them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tooltune.types import UNSET

Function = ast.FunctionDef | ast.AsyncFunctionDef

_ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag")
_RECORDS = ("BaseModel", "TypedDict", "NamedTuple", "RootModel", "SQLModel", "BaseSettings")
_RECORD_DECORATORS = ("dataclass", "dataclasses", "define", "frozen", "mutable")


@dataclass
class Names:
    """What the top level of a file defines; a later definition of a name replaces an earlier one."""

    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)

    def real(self, name: str) -> str:
        """The name under which another file defines it: `Opt` for `from typing import Optional as Opt`."""
        return self.imported.get(name, name)

    def lineage(self, name: str, seen: tuple[str, ...] = ()) -> list[ast.ClassDef]:
        """A class after its bases of the same file, the most general first."""
        owner = self.classes.get(name)
        if owner is None or name in seen:
            return []
        bases = [base for node in owner.bases for base in self.lineage(last_name(node), (*seen, name))]
        return [*dict.fromkeys([*bases, owner])]


def names_of(tree: ast.Module) -> Names:
    """Gather the names of a file, those under a top-level `if` and `try` included."""
    names = Names()
    for line in _statements(tree.body):
        match line:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not any(last_name(mark) == "overload" for mark in line.decorator_list):
                    names.functions.pop(line.name, None)
                    names.functions[line.name] = line
            case ast.ClassDef():
                names.classes[line.name] = line
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.values[name] = _new_type(line.value)
            case ast.AnnAssign(target=ast.Name(id=name)) if line.value is not None:
                names.values[name] = line.value
            case ast.ImportFrom():
                names.imported |= {alias.asname: alias.name for alias in line.names if alias.asname}
    return names


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for line in body:
        yield line
        if isinstance(line, ast.If | ast.Try):
            yield from _statements([*line.body, *line.orelse, *getattr(line, "finalbody", [])])


def _new_type(value: ast.expr) -> ast.expr:
    """`NewType("UserId", int)` is read as int."""
    is_new = isinstance(value, ast.Call) and last_name(value.func) == "NewType" and len(value.args) == 2
    return value.args[1] if is_new and isinstance(value, ast.Call) else value


def last_name(node: ast.expr) -> str:
    """`Optional` of `typing.Optional` and of `Optional`; of a call, the name of what is called."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_enum(name: str, names: Names) -> bool:
    """Whether a class of the file is an Enum, by its bases."""
    return any(names.real(last_name(base)) in _ENUMS for owner in names.lineage(name) for base in owner.bases)


def is_record(name: str, names: Names) -> bool:
    """Whether a class of the file has typed fields: dataclass, TypedDict, pydantic model, NamedTuple."""
    lineage = names.lineage(name)
    return any(names.real(last_name(base)) in _RECORDS for owner in lineage for base in owner.bases) or any(
        names.real(last_name(mark)) in _RECORD_DECORATORS for owner in lineage for mark in owner.decorator_list
    )


def enum_values(owner: ast.ClassDef, names: Names) -> list[Any]:
    """The values of an Enum's members that JSON can say, in order."""
    return list(_members(owner, names).values())


def _members(owner: ast.ClassDef, names: Names) -> dict[str, Any]:
    members: dict[str, Any] = {}
    is_text = any(last_name(base) in ("StrEnum", "str") for base in owner.bases)
    for line in owner.body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not name.startswith("_"):
                is_auto = isinstance(value, ast.Call) and last_name(value.func) == "auto"
                found = (name.lower() if is_text else len(members) + 1) if is_auto else json_literal(value, names)
                if found is not UNSET and not isinstance(found, list | dict):
                    members[name] = found
    return members


def json_literal(node: ast.expr, names: Names, depth: int = 0) -> Any:
    """The value of an expression that is a literal, a constant or an Enum member of the file; else UNSET."""
    if isinstance(node, ast.Name) and node.id in names.values and depth < 10:
        return json_literal(names.values[node.id], names, depth + 1)
    if isinstance(node, ast.Attribute):
        return _member_value(node, names)
    try:
        # a tuple is a list in JSON, and a key a string
        return json.loads(json.dumps(ast.literal_eval(node), allow_nan=False))
    except (TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return UNSET


def _member_value(node: ast.Attribute, names: Names) -> Any:
    """The value of `Color.RED`, and of `Color.RED.value`."""
    inner = node.value if node.attr == "value" and isinstance(node.value, ast.Attribute) else node
    owner = names.classes.get(last_name(inner.value)) if isinstance(inner, ast.Attribute) else None
    if owner is None or not is_enum(owner.name, names) or not isinstance(inner, ast.Attribute):
        return UNSET
    return _members(owner, names).get(inner.attr, UNSET)
