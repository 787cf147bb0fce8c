"""Tools from the functions of a Python file or module, without importing or running it.

The public functions of the top level, read from signature, type hints and docstring; where the file says `__all__`,
those that it lists.

Not covered: methods, functions made at run time, and types that another file defines (they are any value).
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tooltune.errors import ToolDefinitionError
from tooltune.tools.check import check_tools
from tooltune.tools.docstrings import Docstring, parse_docstring
from tooltune.tools.doctests import schemas_from_examples
from tooltune.tools.document import read_bytes
from tooltune.tools.loaded import Loaded
from tooltune.tools.python_names import Function, Names, json_literal, names_of
from tooltune.tools.python_types import TypeReader, parsed_annotation
from tooltune.tools.schemas import self_contained
from tooltune.types import Tool, ToolParameter


def read_python_file(path: Path, where: str = "") -> Loaded:
    """The public functions of a file.

    Args:
        path: a file of Python source.
        where: how the user named it, for messages; the path if it is empty.

    Raises:
        ToolDefinitionError: the file cannot be read or parsed, or has no public function.
    """
    where = where or str(path)
    names = names_of(_parsed(read_bytes(path), where))
    tools: list[Tool] = []
    notices: list[str] = []
    for function in _public(names):
        place = f"{where}, line {function.lineno}, function {function.name}"
        try:
            tool, lost = _tool(function, names, place)
        except ToolDefinitionError as error:
            notices.append(f"{place}: left out: {error.found}")
            continue
        tools.append(tool)
        notices += lost
    if not tools:
        found = "no public function" if not notices else "no function that can be a tool"
        raise ToolDefinitionError(where, found, "functions at the top level of the file", " ".join(notices[:1]))
    return Loaded(tuple(tools), tuple(notices))


def read_python_module(name: str, where: str) -> Loaded:
    """The public functions of a module that Python would find under this name, or in the current folder.

    Raises:
        ToolDefinitionError: there is no such module, or it has no Python source.
    """
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise ToolDefinitionError(where, f"no module name: {name!r}", "a name such as package.module, or a .py file")
    path = _module_path(parts)
    if path is None or path.suffix != ".py":
        found = f"no module {name}" if path is None else f"no Python source: {path}"
        fix = "Check the name, and that it is installed in this environment or lies in the current folder"
        raise ToolDefinitionError(where, found, fix=fix)
    return read_python_file(path, where)


def _module_path(parts: list[str]) -> Path | None:
    """Where the source of a module lies.

    Only the first part is given to Python's search: for a dotted name it would run the packages above.
    """
    folders, path = _search(parts[0])
    for part in parts[1:]:
        folders, path = _below(folders, part)
    return path


def _search(name: str) -> tuple[list[Path], Path | None]:
    folders, path = _below([Path.cwd()], name)
    if folders or path:
        return folders, path
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None:
        return [], None
    origin = Path(spec.origin) if spec.origin and spec.has_location else None
    if name in sys.builtin_module_names:
        origin = Path(name)  # no source: said so by the caller
    return [Path(folder) for folder in spec.submodule_search_locations or []], origin


def _below(folders: list[Path], name: str) -> tuple[list[Path], Path | None]:
    """The folders and the file of a package or module that lies in one of `folders`."""
    for folder in folders:
        package, module = folder / name / "__init__.py", folder / f"{name}.py"
        if package.is_file():
            return [package.parent], package
        if module.is_file():
            return [], module
    return [folder / name for folder in folders if (folder / name).is_dir()], None


def _parsed(source: bytes, where: str) -> ast.Module:
    try:
        with warnings.catch_warnings(action="ignore"):  # about escapes in strings; not ours to judge
            return ast.parse(source)
    except SyntaxError as error:
        place = f"{where}, line {error.lineno}" if error.lineno else where
        raise ToolDefinitionError(place, f"not Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ToolDefinitionError(where, f"not Python: {error or 'nested too deeply'}") from None


def _public(names: Names) -> Iterator[Function]:
    listed = json_literal(names.values["__all__"], names) if "__all__" in names.values else None
    for name, function in names.functions.items():
        if not name.startswith("_") and (not isinstance(listed, list) or name in listed):
            yield function


def _tool(function: Function, names: Names, where: str) -> tuple[Tool, list[str]]:
    doc = parse_docstring(ast.get_docstring(function))
    reader = TypeReader(names)
    parameters = tuple(_parameters(function, doc, reader))
    lost = [f"{where}: {text}" for text in (*reader.lost, *_left_out(function))]
    if not doc.summary:
        lost.append(f"{where}: no docstring, so the tool has no description")
    tool = Tool(function.name, doc.summary, parameters, {"$defs": reader.defs} if reader.defs else {})
    tool, cut = self_contained(tool, where)
    tool = replace(tool, extra={key: value for key, value in tool.extra.items() if key != "$defs"})
    check_tools([tool], where)
    return tool, [*lost, *cut]


def _parameters(function: Function, doc: Docstring, reader: TypeReader) -> Iterator[ToolParameter]:
    shown = schemas_from_examples(function, reader.names)
    for argument, default in _arguments(function.args):
        name = argument.arg
        annotation = argument.annotation
        if annotation is None and name in doc.types:
            annotation = _known(parsed_annotation(doc.types[name]), reader)
        schema, required = reader.member(annotation, default, f"parameter {name}", shown.get(name))
        if name in doc.descriptions and not schema.get("description"):
            schema["description"] = doc.descriptions[name]
        yield ToolParameter.from_schema(name, schema, required)


def _known(annotation: ast.expr | None, reader: TypeReader) -> ast.expr | None:
    """A type from a docstring, if it is one: "array-like" is prose, not a mistake."""
    if annotation is None:
        return None
    trial = TypeReader(reader.names)
    trial.schema(annotation, "")
    return None if trial.lost else annotation


def _arguments(args: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """The parameters with their defaults, in the order of the signature."""
    plain = [*args.posonlyargs, *args.args]
    missing: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    yield from zip(plain, [*missing, *args.defaults], strict=True)
    yield from zip(args.kwonlyargs, args.kw_defaults, strict=True)


def _left_out(function: Function) -> Iterator[str]:
    for stars, argument in (("*", function.args.vararg), ("**", function.args.kwarg)):
        if argument is not None:
            yield f"{stars}{argument.arg} is left out: a tool's parameters have names"
