"""What all settings are: frozen models with errors that name the flag."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tooltune.errors import ConfigError

EMBEDDED_MODEL = "smollm2-135m"


class Config(BaseModel):
    """Base of all settings: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, protected_namespaces=())

    @classmethod
    def parse(cls, values: dict[str, Any], where: str = "settings") -> Any:
        """Check settings.

        Raises:
            ConfigError: names the first flag or key that is wrong, and all the others.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            problems = [_problem(item, cls) for item in error.errors()]
            raise ConfigError(where, "; ".join(problems)) from None


def _problem(item: Any, cls: type[Config]) -> str:
    """One pydantic error in our words: the flag, what was found, what was expected."""
    name = ".".join(str(part) for part in item["loc"])
    message = item["msg"].removeprefix("Value error, ")
    if not name:
        return str(message)
    if item["type"] == "extra_forbidden":
        return f"unknown key {name!r}, expected one of {', '.join(sorted(cls.model_fields))}"
    return f"--{name}: found {item['input']!r}, expected: {message[0].lower()}{message[1:]}"


class BestOfConfig(Config):
    """How many replies to choose among; see `evaluate.best_of`."""

    best_of: int = Field(1, gt=0)
    """Where a call names what was not said, or leaves out what was, mend it or take the best of so many replies."""


class SeedConfig(Config):
    """The seed that data and training share."""

    seed: int = Field(42, ge=0)
    """Seed of data, training order and adapter weights."""
