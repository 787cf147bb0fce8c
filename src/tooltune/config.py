"""What can be set, as frozen models: one field a flag, its docstring the flag's help.

The command line and `run.yaml` are both made from these classes (`tooltune.cli`), so a new setting
is added here and nowhere else. Field names are the flags: `num_examples` is `--num_examples`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tooltune.errors import ConfigError

EMBEDDED_MODEL = "smollm2-135m"
Quantization = Literal["none", "8bit", "4bit"]


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


class SeedConfig(Config):
    """The seed that data and training share."""

    seed: int = Field(42, ge=0)
    """Seed of data, training order and adapter weights."""


class DataConfig(SeedConfig):
    """The dataset: where it lies, and how it is made when it is not there."""

    data_path: Path = Path("data/tool_using_dataset.json")
    """The dataset: .json (a list) or .jsonl (one example a line)."""
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
    catalogue: int = Field(0, ge=0)
    """Tools to draw from the project's own catalogue, beside those of --tools or alone."""
    catalogue_part: Literal["train", "held_out_tools", "held_out_domains"] = "train"
    """Part of the catalogue to draw from."""
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


class ModelConfig(Config):
    """The model: which one, and how it reads and writes conversations."""

    model_name: str = EMBEDDED_MODEL
    """A hub id, a folder, or smollm2-135m, the embedded model."""
    chat_format: Literal["documented", "native"] = "documented"
    """documented: the <tool_call> text format. native: the model's own template, if it has tools."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the base weights; auto is bfloat16 where the hardware has it, else float32."""
    quantization: Quantization = "none"
    """Load the base in 8 or 4 bits (QLoRA): needs CUDA and the quantize extra."""


class EvaluateConfig(ModelConfig):
    """How answers are generated for scoring."""

    output_dir: Path = Path("output/tool_using_model")
    """Folder for the adapter, checkpoints, report, curve and manifest."""
    max_new_tokens: int = Field(160, gt=0)
    """Longest answer, in tokens, when evaluating."""
    eval_batch_size: int = Field(16, gt=0)
    """Answers generated at a time when evaluating."""


class TrainConfig(EvaluateConfig, SeedConfig):
    """LoRA fine-tuning."""

    num_train_epochs: float = Field(3, gt=0)
    """Passes over the training part."""
    per_device_train_batch_size: int = Field(4, gt=0)
    """Examples in one forward and backward pass."""
    gradient_accumulation_steps: int = Field(4, gt=0)
    """Passes in one optimiser step."""
    learning_rate: float = Field(2e-5, gt=0)
    """Peak learning rate."""
    first_token_weight: float = Field(1.0, gt=0)
    """Weight in the loss of the first token of each reply, where the model decides to call, ask or talk."""
    lora_rank: int = Field(16, gt=0)
    """Rank of the LoRA matrices."""
    lora_alpha: float = Field(32, gt=0)
    """LoRA scale; the update is multiplied by alpha / rank."""
    lora_dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout before the LoRA matrices."""
    lora_target_modules: tuple[str, ...] = ("all-linear",)
    """Module names that get LoRA; all-linear means every linear layer but the head."""
    lora_from_layer: int = Field(0, ge=0)
    """First decoder layer that gets LoRA, from 0; below it nothing is trained or differentiated, which saves time."""
    max_length: int = Field(2048, gt=0)
    """Longest example in tokens; longer ones lose unused tools, then their oldest turns."""
    shared_prefix: bool = True
    """Compute tools that examples share once for all of them (exact); false: plain padded batches."""
    save_strategy: Literal["steps", "epoch", "no"] = "epoch"
    """When checkpoints are written."""
    save_steps: int = Field(100, gt=0)
    """Optimiser steps between checkpoints, with --save_strategy steps."""
    eval_steps: int | None = Field(None, gt=0)
    """Optimiser steps between measurements of the held-out loss; by default it is not measured."""
    save_total_limit: int | None = Field(2, gt=0)
    """Checkpoints kept; the oldest are deleted."""
    resume: bool = False
    """Go on from the newest complete checkpoint in --output_dir."""
    merge: bool = False
    """Also save the merged weights, in output_dir/merged."""
    report_to: Literal["none", "tensorboard", "wandb", "trackio", "mlflow"] = "none"
    """Tracker for the training log."""


class RunConfig(DataConfig, TrainConfig):
    """The whole line, from tools to a tuned and measured model."""

    generate_only: bool = False
    """Write the dataset and train nothing; needs no torch."""
    base_model_inference: bool = False
    """Evaluate the base model alone; train nothing."""

    @model_validator(mode="after")
    def _check(self) -> RunConfig:
        if self.resume and (self.generate_only or self.base_model_inference):
            raise ValueError("--resume trains; leave out --generate_only and --base_model_inference")
        return self


class ScriptConfig(RunConfig):
    """`tool_using.py`: the documented defaults."""

    model_name: str = "mistralai/Mistral-7B-v0.1"
    """A hub id, a folder, or smollm2-135m, the embedded model."""


class EmbeddedRunConfig(RunConfig):
    """`tooltune run`: the same line, with defaults that suit the embedded model."""

    learning_rate: float = Field(1e-3, gt=0)
    """Peak learning rate."""


class GenerateCommandConfig(DataConfig):
    """`tooltune generate`."""


class TrainCommandConfig(DataConfig, TrainConfig):
    """`tooltune train`: an existing dataset in, an adapter out."""

    learning_rate: float = Field(1e-3, gt=0)
    """Peak learning rate."""


class EvaluateCommandConfig(EvaluateConfig):
    """`tooltune evaluate`."""

    data_path: Path = Path("data/tool_using_dataset.json")
    """The dataset whose held-out part is asked."""
    held_out_share: float = Field(0.1, gt=0, lt=1)
    """Share that is held out, where the dataset itself does not say."""
    output_dir: Path = Path("output/evaluation")
    """Folder for report.json, report.md and report.html."""


def _problem(item: Any, cls: type[Config]) -> str:
    """One pydantic error in our words: the flag, what was found, what was expected."""
    name = ".".join(str(part) for part in item["loc"])
    message = item["msg"].removeprefix("Value error, ")
    if not name:
        return str(message)
    if item["type"] == "extra_forbidden":
        return f"unknown key {name!r}, expected one of {', '.join(sorted(cls.model_fields))}"
    return f"--{name}: found {item['input']!r}, expected: {message[0].lower()}{message[1:]}"
