"""What can be set, as frozen models: one field a flag, its docstring the flag's help.

The command line and `run.yaml` are both made from these classes (`tooltune.cli`), so a new setting
is added here and nowhere else. Field names are the flags: `num_examples` is `--num_examples`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

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

    stage: Literal["sft", "dpo", "grpo"] = "sft"
    """sft: right replies. dpo: right against wrong ones. grpo: rewarded samples. The last two: learning rate 1e-5."""
    dpo_beta: float = Field(0.1, gt=0)
    """With --stage dpo: how strongly the model is held to the one it started as."""
    num_generations: int = Field(4, gt=1)
    """With --stage grpo: replies sampled for each prompt, of at most --max_new_tokens tokens."""
    num_train_epochs: float = Field(3, gt=0)
    """Passes over the training part."""
    max_minutes: float | None = Field(None, gt=0)
    """Minutes that the job may take, in run with its measurements; training ends early for it, its schedule run out."""
    per_device_train_batch_size: int = Field(4, gt=0)
    """Examples in one forward and backward pass."""
    max_tokens_per_batch: int | None = Field(None, gt=0)
    """Most tokens that a pass computes, shared ones once; takes the place of --per_device_train_batch_size."""
    gradient_accumulation_steps: int = Field(4, gt=0)
    """Passes in one optimiser step."""
    learning_rate: float = Field(2e-5, gt=0)
    """Peak learning rate."""
    lr_scheduler_type: Literal["cosine", "linear", "constant", "constant_with_warmup", "inverse_sqrt"] = "cosine"
    """How the learning rate goes on after its warm-up."""
    warmup_ratio: float = Field(0.05, ge=0, lt=1)
    """Share of the optimiser steps in which the learning rate rises to its peak."""
    optim: Literal[
        "adamw_torch_fused", "adamw_torch", "adafactor", "sgd", "adamw_8bit", "paged_adamw_8bit", "lion_32bit"
    ] = "adamw_torch_fused"
    """Optimiser; 8-bit ones and lion_32bit need CUDA and the quantize extra."""
    adam_beta2: float = Field(0.999, ge=0, lt=1)
    """Adam's second beta."""
    loraplus_lr_ratio: float = Field(1.0, gt=0)
    """How many times faster LoRA's B matrices learn than its A matrices (LoRA+); 4 to 16 learns more in few steps."""
    neftune_noise_alpha: float | None = Field(None, gt=0)
    """Noise on the embeddings in training (NEFTune), such as 5; its size follows the length of a pack."""
    first_token_weight: float = Field(1.0, gt=0)
    """Weight in the loss of the first token of each reply, where the model decides to call, ask or talk."""
    adapter: Path | None = None
    """Folder of a finished run whose adapter training goes on from; its LoRA settings must be the same."""
    lora_rank: int = Field(16, gt=0)
    """Rank of the LoRA matrices."""
    lora_alpha: float = Field(32, gt=0)
    """LoRA scale; the update is multiplied by alpha / rank."""
    use_rslora: bool = False
    """Multiply the update by alpha / sqrt(rank) instead (rank-stabilised LoRA)."""
    use_dora: bool = False
    """Learn the length of each weight vector apart from its direction (DoRA); slower."""
    init_lora_weights: Literal["default", "gaussian", "pissa", "pissa_niter_4", "olora", "loftq"] = "default"
    """How the adapter starts: pissa and olora take it from the base weights, loftq from what 4 bits lose."""
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
    gradient_checkpointing: Literal["auto", "always", "never"] = "auto"
    """Compute activations again on the way back: less memory, a third more time; auto: where memory asks for it."""
    cpu_processes: int = Field(0, ge=0)
    """Processes that share the passes of an optimiser step on a CPU; 0: as many as cores, where it pays."""
    early_gradients: bool = False
    """With one pass a step, on a CPU: compute every second step's gradient one step early, beside the step before."""
    save_strategy: Literal["steps", "epoch", "no"] = "epoch"
    """When checkpoints are written."""
    save_steps: int = Field(100, gt=0)
    """Optimiser steps between checkpoints, with --save_strategy steps."""
    eval_steps: int | None = Field(None, gt=0)
    """Optimiser steps between measurements of the held-out loss; by default it is not measured."""
    early_stopping_patience: int | None = Field(None, gt=0)
    """Stop after so many measurements without more right held-out decisions, and keep the best; needs --eval_steps."""
    save_total_limit: int | None = Field(2, gt=0)
    """Checkpoints kept; the oldest are deleted."""
    resume: bool = False
    """Go on from the newest complete checkpoint in --output_dir."""
    merge: bool = False
    """Also save the merged weights, in output_dir/merged."""
    report_to: Literal["none", "tensorboard", "wandb", "trackio", "mlflow"] = "none"
    """Tracker for the training log."""

    @model_validator(mode="before")
    @classmethod
    def _gentler(cls, values: Any) -> Any:
        """The preference stages have a learning rate of their own, where none is given."""
        if isinstance(values, dict) and values.get("stage", "sft") != "sft":
            return {"learning_rate": 1e-5} | values
        return values

    @model_validator(mode="after")
    def _adapter_fits(self) -> TrainConfig:
        """What cannot be combined."""
        if self.early_stopping_patience and not self.eval_steps:
            raise ValueError("--early_stopping_patience needs --eval_steps: how often to measure")
        start = self.init_lora_weights
        if self.use_dora and start.startswith(("pissa", "olora")):
            raise ValueError(
                f"--use_dora does not go with --init_lora_weights {start}: it cannot be saved for the base"
            )
        if start.startswith(("pissa", "olora")) and self.quantization != "none":
            raise ValueError(f"--init_lora_weights {start} needs --quantization none; loftq is for quantised bases")
        if self.adapter and start != "default":
            raise ValueError(f"--adapter does not go with --init_lora_weights {start}: both say how the adapter starts")
        if start == "loftq" and (self.quantization != "4bit" or self.merge):
            raise ValueError("--init_lora_weights loftq needs --quantization 4bit, and no --merge")
        return self


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


class AnswerConfig(Config):
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
    constrained: bool = False
    """Once a call is begun, allow only a tool in view and JSON that fits its schema; needs the constrained extra."""
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
        return self


class EvaluateCommandConfig(EvaluateConfig, AnswerConfig):
    """`tooltune evaluate`."""

    data_path: Path = Path("data/tool_using_dataset.json")
    """The dataset whose held-out part is asked."""
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


def _problem(item: Any, cls: type[Config]) -> str:
    """One pydantic error in our words: the flag, what was found, what was expected."""
    name = ".".join(str(part) for part in item["loc"])
    message = item["msg"].removeprefix("Value error, ")
    if not name:
        return str(message)
    if item["type"] == "extra_forbidden":
        return f"unknown key {name!r}, expected one of {', '.join(sorted(cls.model_fields))}"
    return f"--{name}: found {item['input']!r}, expected: {message[0].lower()}{message[1:]}"
