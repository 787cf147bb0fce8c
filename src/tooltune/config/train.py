"""Settings of the model, of asking it and of training it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from tooltune.config.base import EMBEDDED_MODEL, BestOfConfig, Config, SeedConfig

Quantization = Literal["none", "8bit", "4bit"]


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


class EvaluateConfig(ModelConfig, BestOfConfig):
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
