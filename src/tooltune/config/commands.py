"""Settings of the commands that train."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tooltune.config.base import Config
from tooltune.config.data import DataConfig
from tooltune.config.train import TrainConfig


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


class TrainCommandConfig(DataConfig, TrainConfig):
    """`tooltune train`: an existing dataset in, an adapter out."""

    learning_rate: float = Field(1e-3, gt=0)
    """Peak learning rate."""
    engine: Literal["local", "ray"] = "local"
    """Where training runs: here, or in --train_workers processes of the Ray cluster that RAY_ADDRESS names."""
    train_workers: int = Field(1, gt=0)
    """Processes that train with --engine ray, each on a GPU of the cluster where it has any, else on a processor."""
    max_restarts: int = Field(3, ge=0)
    """Times that training with --engine ray may lose a process, and go on from the newest complete checkpoint."""

    @model_validator(mode="after")
    def _check_workers(self) -> TrainCommandConfig:
        if self.train_workers > 1 and self.engine == "local":
            raise ValueError("--train_workers above 1 needs --engine ray, or start the processes with torchrun instead")
        return self


class ImproveConfig(Config):
    """`tooltune improve`: further rounds of training, aimed at what a run still gets wrong."""

    rounds: int = Field(3, gt=0)
    """Most rounds; the first whose gain may be chance is the last."""
    num_examples: int = Field(1000, gt=0)
    """New training examples of a round."""
    num_train_epochs: float = Field(1, gt=0)
    """Passes over a round's examples."""
    learning_rate: float | None = Field(None, gt=0)
    """Peak learning rate of a round; by default half of the run's."""
