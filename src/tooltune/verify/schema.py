"""Do a call's arguments fit its tool's schema?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from tooltune.types import Tool


def argument_problem(tool: Tool, arguments: Mapping[str, Any], formats: bool = False) -> str | None:
    """Why the arguments do not fit, in one line, or None.

    Args:
        tool: its schema is enforced: required, type, enum, bounds; unknown arguments are refused.
        arguments: the call's arguments.
        formats: whether `format` is enforced as well (JSON Schema leaves that open).

    Raises:
        ValueError: the schema itself is not a JSON Schema.
    """
    validator = _validator(json.dumps(_closed(tool.schema())), formats)
    # Most arguments are valid: the quick yes comes first.
    if validator.is_valid(dict(arguments)):
        return None
    error = next(iter(validator.iter_errors(dict(arguments))))
    path = ".".join(str(part) for part in error.instance_path)
    return f"{path}: {error.message}" if path else str(error.message)


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    if {"additionalProperties", "patternProperties"} & schema.keys():
        return schema
    return schema | {"additionalProperties": False}


@lru_cache(maxsize=4096)
def _validator(schema: str, formats: bool) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(schema), validate_formats=formats)
