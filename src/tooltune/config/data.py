"""Settings of the dataset and of making it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from tooltune.config.base import Config, SeedConfig
from tooltune.errors import ConfigError


class DataConfig(SeedConfig):
    """The dataset: where it lies, and how it is made when it is not there."""

    data_path: Path = Path("data/tool_using_dataset.json")
    """The dataset: .json (a list), .jsonl (one example a line), .jsonl.gz, .jsonl.zst or .parquet."""
    num_examples: int = Field(1000, gt=0)
    """Examples to generate when the dataset does not exist."""
    held_out_share: float = Field(0.1, gt=0, lt=1)
    """Share of the examples that is held out for evaluation, by phrasing family."""
    examples_per_tool_set: int = Field(8, gt=0)
    """Examples that share the same tools in view, in the same order; training computes them once."""
    max_tools_in_view: int = Field(6, gt=0, le=40)
    """Most tools that a generated example shows; a chain may need one or two more."""
    scenario_shares: tuple[str, ...] = ()
    """Shares of scenarios to change, each as name=share of 100, such as no_tool=20; 0 leaves one out."""
    answered_share: float = Field(1.0, ge=0, le=1)
    """Share of training examples with calls that go on to results and an answer; others end with their last call."""
    renamed_share: float = Field(0.0, ge=0, le=1)
    """Share of the tool sets shown under masked or restyled names, so that descriptions must be read."""
    one_tool_share: float = Field(0.0, ge=0, le=1)
    """Share of the tool sets that are one tool alone; scenarios that need more give way to others."""
    all_tools_share: float = Field(0.0, ge=0, le=1)
    """Share of the tool sets that show all tools, at most 40, as whoever serves the model will."""
    plain_wording_share: float = Field(0.0, ge=0, le=1)
    """Share of the tool sets asked for in words from their definitions, though the catalogue has its own for them."""
    catalogue: int = Field(0, ge=0)
    """Tools to draw from the project's own catalogue, beside those of --tools or alone."""
    catalogue_part: Literal["train", "held_out_tools", "held_out_domains"] = "train"
    """Part of the catalogue to draw from."""
    workers: int = Field(1, gt=0)
    """Processes that make examples; the data is the same for any number."""
    tools: tuple[str, ...] = ()
    """Your tools instead of the example tools: .json, .yaml (also OpenAPI), .py, python:MODULE, mcp:COMMAND or URL."""

    @field_validator("tools", mode="before")
    @classmethod
    def _one_source(cls, value: Any) -> Any:
        """`tools: mine.json` in a YAML file means a list of one."""
        return (str(value),) if isinstance(value, str | Path) else value

    def shares(self) -> dict[str, float]:
        """`scenario_shares` as a mapping.

        Raises:
            ConfigError: an entry is not name=number.
        """
        found: dict[str, float] = {}
        for entry in self.scenario_shares:
            name, _, share = entry.partition("=")
            try:
                found[name.strip()] = float(share)
            except ValueError:
                raise ConfigError("--scenario_shares", repr(entry), "name=share, such as no_tool=20") from None
            if not 0 <= found[name.strip()] < float("inf"):
                raise ConfigError("--scenario_shares", repr(entry), "a share of 0 or more")
        return found


class TeacherConfig(Config):
    """A model that says in other words what users say; without one, nothing is asked of any model."""

    teacher: str = ""
    """A model that rewrites the users' messages, openai:MODEL or openai:MODEL@URL; the key is OPENAI_API_KEY."""
    teacher_share: float = Field(0.5, ge=0, le=1)
    """Share of the training examples with calls that the teacher rewrites."""
    teacher_concurrency: int = Field(8, gt=0)
    """Requests to the teacher at a time."""
    teacher_rate: float = Field(0, ge=0)
    """Most requests to the teacher a minute; 0 sets no limit."""
    teacher_timeout: float = Field(60, gt=0)
    """Seconds to wait for an answer of the teacher."""
    teacher_input_price: float = Field(0, ge=0)
    """Price of a million tokens sent to the teacher, for the cost that is shown."""
    teacher_output_price: float = Field(0, ge=0)
    """Price of a million tokens from the teacher, for the cost that is shown."""


class GenerateCommandConfig(DataConfig, TeacherConfig):
    """`tooltune generate`."""

    engine: Literal["processes", "ray"] = "processes"
    """Where examples are made: in --workers processes here, or on the Ray cluster that RAY_ADDRESS names."""
    execute: bool = False
    """Run the functions of Python sources for their results, in processes with limits; only code that you trust."""
    execute_seconds: float = Field(5, gt=0)
    """Seconds that a function may take with --execute."""
    execute_megabytes: int = Field(512, gt=0)
    """Memory that a function may take with --execute, in MiB."""
