"""JSON Schema of Python annotations, read from the syntax tree: nothing is imported or run.

Classes of the same file (dataclass, TypedDict, pydantic model, Enum) become `$defs`; what another file defines is
any value, and is said.

Not covered: generic classes and TypeVars, validators, `conint(...)` and its kin.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from tooltune.tools.docstrings import parse_docstring
from tooltune.tools.python_names import Names, enum_values, is_enum, is_record, json_literal, last_name
from tooltune.types import UNSET

_SIMPLE: dict[str, dict[str, Any]] = {
    "str": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"},
    "bool": {"type": "boolean"}, "None": {"type": "null"}, "NoneType": {"type": "null"}, "Any": {}, "object": {},
    "bytes": {"type": "string"}, "Text": {"type": "string"}, "LiteralString": {"type": "string"},
    "date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"}, "timedelta": {"type": "string", "format": "duration"},
    "UUID": {"type": "string", "format": "uuid"}, "Path": {"type": "string"}, "PurePath": {"type": "string"},
    "PathLike": {"type": "string"}, "Decimal": {"type": "number"}, "Number": {"type": "number"},
    "EmailStr": {"type": "string", "format": "email"}, "AnyUrl": {"type": "string", "format": "uri"},
    "HttpUrl": {"type": "string", "format": "uri"}, "StrictStr": {"type": "string"},
    "StrictInt": {"type": "integer"}, "StrictFloat": {"type": "number"}, "StrictBool": {"type": "boolean"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0}, "NonNegativeInt": {"type": "integer", "minimum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0}, "NonNegativeFloat": {"type": "number", "minimum": 0},
}  # fmt: skip
_LISTS = {"list", "List", "Sequence", "Iterable", "Collection", "MutableSequence", "Iterator", "deque", "Deque"}
_SETS = {"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"}
_TUPLES = {"tuple", "Tuple"}
_OBJECTS = {"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict"}
_WRAPPERS = {"Required", "NotRequired", "ReadOnly", "Final", "InitVar"}
_BOUNDS = {
    "ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf", "pattern": "pattern", "regex": "pattern", "description": "description",
    "examples": "examples",
}  # fmt: skip
_MARKS = {"Ge": "ge", "Gt": "gt", "Le": "le", "Lt": "lt", "MultipleOf": "multiple_of", "MinLen": "min_length",
          "MaxLen": "max_length", "Doc": "description", "doc": "description"}  # fmt: skip
_FIELDS = ("Field", "field", "Query", "Body", "Header", "Form", "Param")


class TypeReader:
    """Makes schemas of annotations.

    `defs` gathers the classes that were met, for `$defs`; `lost` says what could not be read.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.defs: dict[str, Any] = {}
        self.lost: list[str] = []
        self._open: list[str] = []

    def member(
        self, annotation: ast.expr | None, default: ast.expr | None, what: str, shown: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], bool]:
        """The schema of a parameter or a field, and whether it must be given.

        Args:
            annotation: its type, or None.
            default: the expression after `=`, or None; a `Field(...)` says more than a default.
            what: how to call it when something is lost.
            shown: a schema of the values that examples give it, for want of a type.
        """
        field = default if isinstance(default, ast.Call) and last_name(default.func) in _FIELDS else None
        default = _field_default(field) if field else default
        factory = any(word.arg == "default_factory" for word in field.keywords) if field else False
        required = default is None and not factory
        value = UNSET if default is None else json_literal(default, self.names)
        schema = self._typed(annotation, value, what, shown)
        if field:
            self._constrain(schema, {word.arg: word.value for word in field.keywords if word.arg})
        if value is not UNSET:
            schema = _with_null(schema) if value is None else schema
            schema["default"] = value
        elif default is not None:
            self.lost.append(f"the default of {what}, {ast.unparse(default)[:40]}, is no literal; left out")
        return schema, required

    def _typed(
        self, annotation: ast.expr | None, value: Any, what: str, shown: dict[str, Any] | None
    ) -> dict[str, Any]:
        """The schema of the annotation; without one, of the default; without either, of the examples."""
        if annotation is not None:
            return self.schema(annotation, what)
        if value is not UNSET and value is not None:
            return dict(_type_of_values([value]))
        if shown:
            return dict(shown)
        self.lost.append(f"{what} has no type hint; any value is accepted")
        return {}

    def schema(self, node: ast.expr, what: str) -> dict[str, Any]:
        """The schema of an annotation."""
        match node:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str(text)):
                parsed = parsed_annotation(text)
                return self._unknown(node, what) if parsed is None else self.schema(parsed, what)
            case ast.Name() | ast.Attribute():
                return self._named(node, what)
            case ast.Subscript():
                inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                return self._generic(node, inner, what)
            case ast.BinOp(op=ast.BitOr()):
                return union([self.schema(node.left, what), self.schema(node.right, what)])
        return self._unknown(node, what)

    def _named(self, node: ast.expr, what: str) -> dict[str, Any]:
        name = self.names.real(last_name(node))
        if name in self.names.classes:
            return self._class(node, name, what)
        if name in self.names.values and name not in self._open:
            self._open.append(name)
            schema = self.schema(self.names.values[name], what)
            self._open.pop()
            return schema
        if name in _SIMPLE:
            return dict(_SIMPLE[name])
        return self._generic(node, [], what)

    def _generic(self, node: ast.expr, inner: Sequence[ast.expr], what: str) -> dict[str, Any]:
        """A type with arguments in brackets, or a container without."""
        name = self.names.real(last_name(node.value if isinstance(node, ast.Subscript) else node))
        if name == "Literal" and inner:
            return self._literal(node, inner, what)
        if name == "Annotated" and inner:
            return self._annotated(inner, what)
        if name in self.names.classes:
            return self._class(node, name, what)
        if not (inner or name in _LISTS | _SETS | _TUPLES | _OBJECTS):
            return self._unknown(node, what)
        return self._container(node, name, inner, what)

    def _container(self, node: ast.expr, name: str, inner: Sequence[ast.expr], what: str) -> dict[str, Any]:
        if name in _TUPLES:
            return self._tuple(inner, what)
        if name in _OBJECTS:
            values = self.schema(inner[1], what) if len(inner) > 1 else {}
            return {"type": "object"} | ({"additionalProperties": values} if values else {})
        if name in _LISTS | _SETS:
            items = {"items": self.schema(inner[0], what)} if inner else {}
            return {"type": "array"} | items | ({"uniqueItems": True} if name in _SETS else {})
        if name in ("Union", "Optional"):
            null = [{"type": "null"}] if name == "Optional" else []
            return union([*(self.schema(part, what) for part in inner), *null])
        return self.schema(inner[0], what) if name in _WRAPPERS else self._unknown(node, what)

    def _tuple(self, inner: Sequence[ast.expr], what: str) -> dict[str, Any]:
        if not inner:
            return {"type": "array"}
        if isinstance(inner[-1], ast.Constant) and inner[-1].value is ...:
            return {"type": "array", "items": self.schema(inner[0], what)}
        parts = [self.schema(part, what) for part in inner]
        same = all(part == parts[0] for part in parts)
        kinds = {"items": parts[0]} if same else {"prefixItems": parts}
        return {"type": "array", **kinds, "minItems": len(parts), "maxItems": len(parts)}

    def _literal(self, node: ast.expr, inner: Sequence[ast.expr], what: str) -> dict[str, Any]:
        values = [json_literal(part, self.names) for part in inner]
        if any(value is UNSET or isinstance(value, list | dict) for value in values):
            return self._unknown(node, what)
        return _type_of_values(values) | {"enum": values}

    def _annotated(self, inner: Sequence[ast.expr], what: str) -> dict[str, Any]:
        schema = self.schema(inner[0], what)
        for mark in inner[1:]:
            if isinstance(mark, ast.Constant) and isinstance(mark.value, str):
                schema["description"] = mark.value
            elif isinstance(mark, ast.Call) and (word := _MARKS.get(last_name(mark.func))) and mark.args:
                self._constrain(schema, {word: mark.args[0]})
            elif isinstance(mark, ast.Call):
                self._constrain(schema, {word.arg: word.value for word in mark.keywords if word.arg})
        return schema

    def _constrain(self, schema: dict[str, Any], words: dict[str, ast.expr]) -> None:
        """What `Field(ge=1, description="...")` says."""
        length = "Items" if schema.get("type") == "array" else "Length"
        keywords = _BOUNDS | {"min_length": f"min{length}", "max_length": f"max{length}"}
        for word, node in words.items():
            if word in keywords and (value := json_literal(node, self.names)) is not UNSET:
                schema[keywords[word]] = value

    def _class(self, node: ast.expr, name: str, what: str) -> dict[str, Any]:
        """A reference to a class of this file; its schema is made once."""
        if name not in self.defs:
            if is_enum(name, self.names):
                values = enum_values(self.names.classes[name], self.names)
                self.defs[name] = _type_of_values(values) | {"enum": values} if values else {}
            elif is_record(name, self.names):
                self.defs[name] = {}  # met again inside itself, it is a reference
                self.defs[name] = self._record(name)
            else:
                return self._unknown(node, what)
        return {"$ref": f"#/$defs/{name}"}

    def _record(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for owner in self.names.lineage(name):
            doc = parse_docstring(ast.get_docstring(owner))
            for key, (annotation, value, said) in _record_fields(owner).items():
                schema, needed = self.member(annotation, value, f"{name}.{key}")
                if said or doc.descriptions.get(key):
                    schema.setdefault("description", said or doc.descriptions[key])
                key = _alias(value) or key
                properties[key] = schema
                required = [other for other in required if other != key]
                if needed and not _may_be_absent(owner, annotation):
                    required.append(key)
        summary = parse_docstring(ast.get_docstring(self.names.classes[name])).summary
        said_of_it = {"description": summary} if summary else {}
        return {"type": "object", **said_of_it, "properties": properties, "required": required}

    def _unknown(self, node: ast.expr, what: str) -> dict[str, Any]:
        self.lost.append(f"the type of {what}, {ast.unparse(node)[:60]}, is not known here; any value is accepted")
        return {}


def parsed_annotation(text: str) -> ast.expr | None:
    """The expression in an annotation that is a string, or None if there is none."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def union(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Any of the schemas: a list of types where they are nothing else, `anyOf` otherwise."""
    parts: list[dict[str, Any]] = []
    for schema in schemas:
        for part in schema["anyOf"] if set(schema) == {"anyOf"} else [schema]:
            if part not in parts:
                parts.append(part)
    if {} in parts or len(parts) == 1:
        return {} if {} in parts else parts[0]
    if all(set(part) == {"type"} for part in parts):
        kinds = [kind for part in parts for kind in _listed(part["type"])]
        return {"type": list(dict.fromkeys(kinds))}
    others = [part for part in parts if part != {"type": "null"}]
    return _with_null(others[0]) if len(parts) == 2 and len(others) == 1 else {"anyOf": parts}


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or null."""
    if not schema or "null" in _listed(schema.get("type")):
        return schema
    if "type" not in schema:
        options = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
        return schema if {"type": "null"} in options else {"anyOf": [*options, {"type": "null"}]}
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [*_listed(schema["type"]), "null"]} | enum


def _listed(kind: Any) -> list[Any]:
    return list(kind) if isinstance(kind, list) else [kind]


def _type_of_values(values: Sequence[Any]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(_JSON_TYPE[type(value)] for value in values))
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


_JSON_TYPE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null", list: "array",
              dict: "object"}  # fmt: skip


def _record_fields(owner: ast.ClassDef) -> dict[str, tuple[ast.expr, ast.expr | None, str]]:
    """The annotated fields of a class: annotation, default, and the docstring that stands under it."""
    fields: dict[str, tuple[ast.expr, ast.expr | None, str]] = {}
    for line, after in zip(owner.body, [*owner.body[1:], None], strict=True):
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
            continue
        name = line.target.id
        kind = line.annotation.value if isinstance(line.annotation, ast.Subscript) else line.annotation
        if name.startswith("_") or last_name(kind) == "ClassVar" or _is_not_asked(line.value):
            continue
        said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        fields[name] = (line.annotation, line.value, " ".join(said.split()) if isinstance(said, str) else "")
    return fields


def _is_not_asked(value: ast.expr | None) -> bool:
    """`field(init=False)`: the class sets it itself."""
    words = value.keywords if isinstance(value, ast.Call) else []
    return any(w.arg == "init" and isinstance(w.value, ast.Constant) and w.value.value is False for w in words)


def _alias(value: ast.expr | None) -> str | None:
    """The name under which a pydantic field is given."""
    for word in value.keywords if isinstance(value, ast.Call) and last_name(value.func) == "Field" else []:
        if word.arg in ("alias", "validation_alias") and isinstance(word.value, ast.Constant):
            return word.value.value if isinstance(word.value.value, str) and word.value.value else None
    return None


def _may_be_absent(owner: ast.ClassDef, annotation: ast.expr) -> bool:
    """Whether a TypedDict's key may be left out."""
    mark = last_name(annotation.value) if isinstance(annotation, ast.Subscript) else ""
    partial = any(w.arg == "total" and isinstance(w.value, ast.Constant) and not w.value.value for w in owner.keywords)
    return mark == "NotRequired" or (partial and mark != "Required")


def _field_default(field: ast.Call) -> ast.expr | None:
    """The default in `Field(...)` or `field(...)`: an expression, or None if it must be given."""
    words = {word.arg: word.value for word in field.keywords}
    positional = field.args[0] if field.args else None
    default = words.get("default", positional)
    return None if isinstance(default, ast.Constant) and default.value is ... else default
