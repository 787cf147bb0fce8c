"""Reads catalogue files into tools and wording."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tooltune.errors import ToolDefinitionError

FOLDER = Path(__file__).parent
# Both read plain data only; the one in C is ten times as fast, and not everywhere.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's JSON Schema without the mark `required: true` that a file sets beside it."""
    return {key: value for key, value in schema.items() if key != "required" or isinstance(value, list)}


class Entry(BaseModel):
    """One tool with all its wording, as it stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
    description: str = Field(min_length=8)
    parameters: dict[str, dict[str, Any]]
    """Name -> JSON Schema, and `required: true` beside it where the parameter is required."""
    does: str
    requests: tuple[str, ...] = Field(min_length=6)
    clauses: tuple[str, ...] = Field(min_length=2)
    missing: dict[str, tuple[str, ...]] = {}
    nouns: dict[str, str] = {}
    values: dict[str, str | tuple[Any, ...]] = {}
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    verbatim: tuple[str, ...] = ()
    """Parameters whose values are texts, to which an article at their start belongs."""
    domain: str = ""

    def required(self) -> tuple[str, ...]:
        """The names of the parameters that every call must give."""
        return tuple(name for name, schema in self.parameters.items() if schema.get("required") is True)

    def input_schema(self) -> dict[str, Any]:
        """The parameters as one JSON Schema object."""
        properties = {name: plain_schema(schema) for name, schema in self.parameters.items()}
        return {"type": "object", "properties": properties, "required": list(self.required())}


def domain_files() -> list[Path]:
    """The files of the catalogue, by name."""
    return sorted(FOLDER.glob("*.yaml"))


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All tools of the catalogue, by domain and then as they stand in the file."""
    return tuple(entry for path in domain_files() for entry in read_domain(path))


def read_domain(path: Path) -> list[Entry]:
    """The tools of one file.

    Raises:
        ToolDefinitionError: no YAML, or not in the shape of `Entry`.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
        domain: str = data["domain"]
        return [Entry.model_validate({**tool, "domain": domain}) for tool in data["tools"]]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ToolDefinitionError(str(path), f"{error}"[:300], "domain: NAME and tools: [...]") from error
    except ValidationError as error:
        raise ToolDefinitionError(f"{path}, {_where(data, error)}", error.errors()[0]["msg"]) from error


def _where(data: Mapping[str, Any], error: ValidationError) -> str:
    first = error.errors()[0]
    title = first.get("input")
    names = [tool.get("name", "?") for tool in data["tools"]]
    return f"one of {', '.join(names)[:200]}: {'.'.join(map(str, first['loc']))} = {title!r}"[:400]
