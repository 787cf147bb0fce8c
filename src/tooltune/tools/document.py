"""Reading a JSON or YAML file into JSON values.

YAML is read as JSON written another way: a date stays a string, a key becomes a string, and what JSON cannot say
is an error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tooltune.errors import ToolDefinitionError
from tooltune.files import STRICT_JSON

LARGEST = 2_000_000
"""Values in a YAML file; aliases can make a small file mean endlessly many."""

YAML_SUFFIXES = (".yaml", ".yml")


def read_document(path: Path) -> Any:
    """The value in a file, YAML if its suffix says so, else JSON.

    Raises:
        ToolDefinitionError: the file cannot be read, or is not what its suffix says.
    """
    text = decoded(read_bytes(path), str(path))
    return parse_yaml(text, str(path)) if path.suffix.lower() in YAML_SUFFIXES else parse_json(text, str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, or the error that says why there are none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        fix = "Check the path of the file of tools"
        raise ToolDefinitionError(str(path), "no such file", fix=fix) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        found = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ToolDefinitionError(str(path), found, "a file of tools") from error


def decoded(data: bytes, where: str) -> str:
    """UTF-8 text, with or without a byte order mark."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        found = f"not UTF-8 at byte {error.start}"
        raise ToolDefinitionError(where, found, fix="Save the file as UTF-8") from None


def parse_json(text: str, where: str) -> Any:
    """The value of a JSON text with one meaning (no repeated key, no NaN)."""
    try:
        return STRICT_JSON.decode(text)
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}, column {error.colno}"
        raise ToolDefinitionError(place, f"not JSON: {error.msg}", "a list of tools") from None
    except ValueError as error:
        raise ToolDefinitionError(where, f"not JSON: {error}") from None
    except RecursionError:
        raise ToolDefinitionError(where, "JSON nested too deeply to be read") from None


def parse_yaml(text: str, where: str) -> Any:
    """The value of a YAML text, as JSON values."""
    try:
        value = yaml.load(text, _loader())  # built on the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where
        raise ToolDefinitionError(place, f"not YAML: {error.problem or error}") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:  # ValueError: a number or key Python refuses
        raise ToolDefinitionError(where, f"not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ToolDefinitionError(where, "YAML nested too deeply to be read") from None
    return _Plain(where).value(value)


def _loader() -> Any:
    """The safe loader without timestamps: a date in an example is text, as it is in JSON."""
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kept = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return type("_Loader", (base,), {"yaml_implicit_resolvers": kept})


class _Plain:
    """Makes JSON values of YAML values, counting them."""

    def __init__(self, where: str) -> None:
        self.where, self.left = where, LARGEST

    def value(self, value: Any) -> Any:
        try:
            return self._plain(value)
        except RecursionError:
            raise ToolDefinitionError(self.where, "YAML that contains itself, or is nested too deeply") from None

    def _plain(self, value: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ToolDefinitionError(self.where, f"more than {LARGEST:,} values, aliases written out")
        if isinstance(value, Mapping):
            return {_key(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            raise ToolDefinitionError(self.where, f"the number {value}", "a number that JSON can say")
        if value is None or isinstance(value, str | int | float):
            return value
        raise ToolDefinitionError(self.where, f"a YAML {type(value).__name__}", "values that JSON can say")


def _key(key: Any) -> str:
    """A YAML key as JSON writes it: the status code 200 is "200"."""
    return key if isinstance(key, str) else json.dumps(key) if isinstance(key, bool | int) else str(key)
