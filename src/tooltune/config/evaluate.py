"""Settings of `tooltune evaluate`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from tooltune.config.base import BestOfConfig
from tooltune.config.train import EvaluateConfig


class ReplyConfig(BestOfConfig):
    """How a model that is loaded here replies."""

    constrained: bool = False
    """Once a call is begun, allow only a tool in view and JSON that fits its schema; needs the constrained extra."""


class AnswerConfig(ReplyConfig):
    """Who answers in an evaluation, and how."""

    endpoint: str | None = Field(None, pattern="^https?://")
    """Base URL of an OpenAI-compatible endpoint to ask instead, as in http://127.0.0.1:11434/v1."""
    api_key_variable: str = "OPENAI_API_KEY"
    """Environment variable with the endpoint's key; a local server needs none."""
    concurrency: int = Field(8, gt=0)
    """Requests to the endpoint at a time."""
    timeout: float = Field(120, gt=0)
    """Seconds to wait for one reply of the endpoint."""
    retries: int = Field(4, ge=0)
    """Further tries, after growing pauses, when the endpoint is busy, fails, or does not answer."""
    few_shot: int = Field(0, ge=0)
    """Solved examples of the training part to show before each question."""
    baselines: bool = False
    """Measure a run's base, few-shot, constrained and tuned side by side."""
    temperature: float = Field(0.0, ge=0)
    """0: the likeliest tokens; above it replies are sampled."""
    samples: int = Field(1, gt=0)
    """Replies to sample for each question; with more than one, pass^k says how often k of k are right."""
    seed: int = Field(42, ge=0)
    """Seed of sampling."""

    @field_validator("endpoint")
    @classmethod
    def _usable_url(cls, value: str | None) -> str | None:
        """urlsplit raises ValueError on a host or a port that cannot be."""
        if value is not None and not (urlsplit(value).hostname and urlsplit(value).port != 0):
            raise ValueError("a URL with a host, as in http://127.0.0.1:11434/v1")
        return value

    @model_validator(mode="after")
    def _check_answers(self) -> AnswerConfig:
        if self.samples > 1 and not self.temperature:
            raise ValueError("--samples above 1 needs a --temperature above 0, else all are the same")
        if self.endpoint and (self.constrained or self.baselines):
            raise ValueError("--constrained and --baselines need the model here; leave out --endpoint")
        if self.baselines and self.samples > 1:
            raise ValueError("--baselines measures one reply to each question; leave out --samples")
        if self.best_of > 1 and (self.baselines or self.samples > 1):
            raise ValueError("--best_of samples by itself; leave out --samples and --baselines")
        if self.best_of > 1 and self.few_shot:
            raise ValueError("--best_of would take what solved examples say for said; leave out --few_shot")
        return self


class EvaluateCommandConfig(EvaluateConfig, AnswerConfig):
    """`tooltune evaluate`."""

    data_path: Path = Path("data/tool_using_dataset.json")
    """The dataset whose held-out part is asked; where it is not given and absent, that of the run."""
    held_out_share: float = Field(0.1, gt=0, lt=1)
    """Share that is held out, where the dataset itself does not say."""
    data: Path | None = None
    """A dataset of which all is asked, instead of the held-out part of --data_path."""
    suite: str = ""
    """An outside suite instead: bfcl, or some of its categories as in bfcl:simple_python,irrelevance."""
    suite_folder: Path | None = None
    """Folder of the suite's files, instead of the installed package."""
    limit: int | None = Field(None, gt=0)
    """Items of each category: the first of a fixed shuffle."""
    with_base: bool = False
    """Measure the base model too, where the model is an adapter."""
    train_data: Path | None = None
    """What the model was trained on, for the contamination gate; a run's folder says it itself."""
    strict: bool = False
    """Refuse to evaluate if training data and questions share anything."""
    bfcl_results: Path | None = None
    """Also write the replies as a folder of results that BFCL's own scorer reads."""
    output_dir: Path = Path("output/evaluation")
    """Folder for the report (.json, .md, .html) and outputs.jsonl, from which a killed evaluation goes on."""
    by_state: bool = False
    """Also hold whole conversations in the simulated world, and judge them by the state they end in."""
    checkpoints: bool = False
    """Measure every checkpoint of a run: a table, checkpoints.json and the curve checkpoints.png."""

    @model_validator(mode="after")
    def _check_questions(self) -> EvaluateCommandConfig:
        if self.suite and self.data:
            raise ValueError("--suite and --data both say what is asked; leave one out")
        if self.endpoint and self.with_base:
            raise ValueError("--with_base needs the model here; leave out --endpoint")
        if self.bfcl_results and self.suite.partition(":")[0] != "bfcl":
            raise ValueError("--bfcl_results writes the replies to BFCL's questions; give --suite bfcl")
        if self.by_state and (self.suite or self.checkpoints):
            raise ValueError("--by_state holds conversations of a dataset; leave out --suite and --checkpoints")
        return self
