"""LoRA training on transformers' Trainer: loss on trained tokens only, over packs.

All of the loop, schedules, checkpoints, trackers and data parallelism are Trainer's; what differs
is the batch (a pack, see `batching`) and that logits are computed only where a trained token is
predicted.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from peft.optimizers import create_loraplus_optimizer
from safetensors import SafetensorError
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from tooltune.config import TrainConfig
from tooltune.engine.fuse import fused
from tooltune.errors import Interrupted
from tooltune.files import output_error
from tooltune.train.attention import NAME, packing, unsupported
from tooltune.train.batching import GroupedSampler, Pack, plain_tensors, shared_tensors
from tooltune.train.budget import TimeBudget
from tooltune.train.lora import CHECKPOINTS
from tooltune.train.loss import pack_loss
from tooltune.train.memory import checkpointing
from tooltune.train.model import device
from tooltune.train.progress import ProgressBar
from tooltune.train.sharding import check_sharding, whole_adapter
from tooltune.train.side import SIDE, SideProcesses, beside, useful_processes

Measure = Callable[[Any], float]


@dataclass(frozen=True)
class Trained:
    """What training gives back: the model with its adapter, and Trainer's log."""

    model: Any
    history: Sequence[Mapping[str, Any]]
    notices: Sequence[str] = ()
    """What did not go as asked: why prefixes were not shared, where time ran out, that memory was short."""
    adapter: Mapping[str, torch.Tensor] | None = None
    """The adapter's whole weights where the model holds a part of them only (see `sharding`)."""


class PackTrainer(Trainer):
    """Trainer whose batches are packs and whose loss is the mean over trained tokens.

    The mean is over all trained tokens of an optimiser step, whatever its passes and processes.
    """

    head: torch.Tensor | None = None
    """The output layer's weight, while that layer is computed in the loss (see `fuse`)."""
    side: SideProcesses | None = None
    """Processes that take some of a step's passes."""
    group: int = 1
    """So many packs that follow each other are of about one length, since they are computed side by side."""
    early: tuple[list[Any], Any] | None = None
    """The next step's batch, whose gradient another process is computing (see `--early_gradients`)."""
    loraplus: float = 1.0
    """The learning rate of LoRA's B matrices over that of the others."""
    measure: Measure | None = None
    """What else a measurement takes: the share of right held-out decisions, as `eval_right`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_accepts_loss_kwargs = True  # makes Trainer count the labels of the whole step
        self.loss_is_scaled_for_ga = True
        self._loss_shifts_labels = False

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> tuple[list[Any], Any]:
        """The passes of one optimiser step; some are sent to other processes."""
        if self.early:
            step, self.early = self.early, None
            return step
        batches, targets = super().get_batch_samples(epoch_iterator, num_batches, device)
        if self.side and len(batches) == 1:
            following, their_targets = super().get_batch_samples(epoch_iterator, num_batches, device)
            if following:
                self.early = [self.side.send(following[0], their_targets)], their_targets
        elif self.side and batches:
            batches = self.side.dispatch(batches, targets)
        return batches, targets

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Trainer's own, or with another rate for LoRA's B matrices (LoRA+, arXiv:2402.12354)."""
        if self.loraplus == 1 or self.optimizer is not None:
            return super().create_optimizer(model)
        model = self.model if model is None else model
        kind, options = self.get_optimizer_cls_and_kwargs(self.args, model)
        self.optimizer = create_loraplus_optimizer(model, kind, loraplus_lr_ratio=self.loraplus, **options)
        return self.optimizer

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        packs: Any = self.train_dataset
        return GroupedSampler([pack.tokens for pack in packs], self.group, self.args.seed)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """One pass, here or, as it was sent there, in another process."""
        if self.side and SIDE in inputs:
            return self.side.collect(inputs)
        step: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        if self.side and self.early:
            self.side.wait(self.early[0][0])
        return step

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Cross-entropy summed over the pack, divided by the trained tokens of the step."""
        loss = pack_loss(model, inputs, self.head) / (num_items_in_batch or inputs["labels"].numel())
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # DDP averages gradients over processes
        return (loss, {}) if return_outputs else loss

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Trainer's own; of sharded weights it would gather the base too, or save nothing to start from."""
        adapter = whole_adapter(self.model)
        if adapter is None:
            super().save_model(output_dir, _internal_call)
        elif self.args.should_save:
            self._save(output_dir, state_dict=dict(adapter))

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
        """Trainer's own, with `measure` beside the loss."""
        output = super().evaluation_loop(*args, **kwargs)
        if self.measure is not None:
            with as_built(self.model):
                right = {"eval_right": self.measure(self.model)}
            output = output._replace(metrics=(output.metrics or {}) | right)
        return output


def train(
    model: Any,
    packs: Sequence[Pack],
    held_out: Sequence[Pack],
    config: TrainConfig,
    pad_id: int,
    measure: Measure | None = None,
) -> Trained:
    """Train `model`, which already has its adapter, and leave it on its last weights.

    With early stopping it is left on those of the checkpoint that `measure` found best.
    Checkpoints go to `output_dir/checkpoints`.

    Raises:
        Interrupted: Ctrl-C was pressed; a checkpoint has been written.
        OutputError: a checkpoint could not be written; incomplete ones are removed.
    """
    reason = unsupported(model.config, config.max_length)
    shared = config.shared_prefix and reason is None
    stop, weight = StopAfterStep(), config.first_token_weight
    trainer = PackTrainer(
        model=model,
        args=training_arguments(config, len(packs)),
        train_dataset=list(packs),
        eval_dataset=list(held_out) or None,
        data_collator=lambda batch: (
            shared_tensors(batch[0], weight) if shared else plain_tensors(batch[0], pad_id, weight)
        ),
        callbacks=[stop, ProgressBar()],
    )
    trainer.loraplus = config.loraplus_lr_ratio
    if config.early_stopping_patience:
        trainer.measure = measure
        trainer.add_callback(EarlyStoppingCallback(config.early_stopping_patience))
    processes = _processes(model, packs, config)
    trainer.group = processes
    longest = max(pack.tokens if shared else pack.padded_tokens for pack in packs) * processes
    with (
        checkpointing(model, config.gradient_checkpointing, longest) as checkpointed,
        beside(model, processes, shared) as trainer.side,
        packing(model, shared),
        fused(model) as trainer.head,
    ):
        notices = run_trainer(trainer, stop, config)
    if config.shared_prefix and reason:
        notices.append(f"prefixes are not shared: {reason}")
    if checkpointed and config.gradient_checkpointing == "auto":
        notices.append("activations were computed twice, since memory is short (--gradient_checkpointing)")
    return Trained(model.eval(), list(trainer.state.log_history), notices, whole_adapter(model))


def run_trainer(trainer: Trainer, stop: StopAfterStep, config: TrainConfig) -> list[str]:
    """Let a Trainer run to its end, or from its newest checkpoint. Returns what the user should know.

    Raises:
        ConfigError: weights are sharded in a way that is not covered (see `sharding`).
        Interrupted: Ctrl-C was pressed; a checkpoint has been written.
        OutputError: a checkpoint could not be written; incomplete ones are removed.
    """
    notices = check_sharding(trainer, config)
    trainer.remove_callback(PrinterCallback)  # the bar shows the loss
    budget = TimeBudget(60 * config.max_minutes) if config.max_minutes else None
    if budget:
        trainer.add_callback(budget)
    folder = Path(config.output_dir) / CHECKPOINTS
    checkpoint = newest_checkpoint(folder) if config.resume else None
    with stop.on_ctrl_c(), _writing(folder):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if stop.pressed:
        raise Interrupted(str(newest_checkpoint(folder) or folder), trainer.state.global_step)
    return [*notices, budget.notice] if budget and budget.notice else notices


def _processes(model: Any, packs: Sequence[Pack], config: TrainConfig) -> int:
    """How many processes compute packs side by side."""
    if config.neftune_noise_alpha:
        return 1  # the noise is drawn in this process only
    together = config.gradient_accumulation_steps
    if together == 1 and config.early_gradients:
        together = 2
    tokens = round(sum(pack.tokens for pack in packs) * config.num_train_epochs)
    return useful_processes(model, together, tokens, config.cpu_processes)


def training_arguments(config: TrainConfig, packs: int) -> TrainingArguments:
    """Our settings as Trainer's. A batch of Trainer's is one pack, so its batch size is 1."""
    return TrainingArguments(**training_values(config, packs))


def training_values(config: TrainConfig, packs: int) -> dict[str, Any]:
    """The same as keywords; TRL's arguments take them too (see `preference`)."""
    processes = max(1, int(os.environ.get("WORLD_SIZE", "1")))
    packs_a_step = config.gradient_accumulation_steps * processes
    steps = max(1, math.ceil(packs * config.num_train_epochs / packs_a_step))
    return {
        "output_dir": str(Path(config.output_dir) / CHECKPOINTS),
        "per_device_train_batch_size": 1,
        "per_device_eval_batch_size": 1,
        "gradient_accumulation_steps": config.gradient_accumulation_steps,
        "num_train_epochs": config.num_train_epochs,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.lr_scheduler_type,
        "warmup_steps": round(config.warmup_ratio * steps),
        "optim": config.optim,
        "adam_beta2": config.adam_beta2,
        "neftune_noise_alpha": config.neftune_noise_alpha,
        "use_liger_kernel": liger_kernels(),
        "liger_kernel_config": {"cross_entropy": False, "fused_linear_cross_entropy": False},  # few logits are made
        "seed": config.seed,
        **saving(config),
        "save_total_limit": config.save_total_limit,
        "eval_strategy": "steps" if config.eval_steps else "no",
        "eval_steps": config.eval_steps,
        "logging_steps": max(1, steps // 50),
        "report_to": config.report_to,
        "run_name": Path(config.output_dir).name,
        "project": "tooltune",
        "use_cpu": device().type == "cpu",  # else accelerate would leave CPU processes of a launcher alone
        "prediction_loss_only": True,
        "remove_unused_columns": False,
        "label_names": ["labels"],
        "dataloader_pin_memory": torch.cuda.is_available(),
        "disable_tqdm": True,
    }


def liger_kernels() -> bool:
    """Whether element-wise parts take Liger's kernels: on CUDA, where they are installed. Not run on a GPU here."""
    return torch.cuda.is_available() and importlib.util.find_spec("liger_kernel") is not None


def saving(config: TrainConfig) -> dict[str, Any]:
    """When Trainer saves. Early stopping needs a checkpoint for each measurement, to keep the best."""
    if not config.early_stopping_patience:
        return {"save_strategy": config.save_strategy, "save_steps": config.save_steps}
    return {
        "save_strategy": "steps",
        "save_steps": config.eval_steps,
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_right",
        "greater_is_better": True,
        "restore_callback_states_from_checkpoint": True,
    }


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint, or None."""
    return next(reversed(checkpoints(folder)), None)


def checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints, oldest first."""
    found = [path for path in folder.glob("checkpoint-*") if _complete(path)]
    return sorted(found, key=lambda path: int(path.name.rsplit("-", 1)[1]))


def _complete(checkpoint: Path) -> bool:
    """Trainer writes its state last, so a readable one is whole, unless its weights are being deleted."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (checkpoint / "adapter_model.safetensors").exists()


class StopAfterStep(TrainerCallback):
    """Ctrl-C ends training after the optimiser step at hand, with a checkpoint; twice ends it at once."""

    def __init__(self) -> None:
        self.pressed = False

    @contextmanager
    def on_ctrl_c(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._press)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        print("\nFinishing this step, then saving; press Ctrl-C again to stop at once.", flush=True)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.pressed:
            control.should_save = control.should_training_stop = True


@contextmanager
def as_built(model: Any) -> Iterator[None]:
    """Within, the model decodes: its own forwards in place of fused ones, and attention over padded rows."""
    base = model.get_base_model()
    attention_before = base.config._attn_implementation
    fused_forwards = {module: vars(module).pop("forward") for module in model.modules() if "forward" in vars(module)}
    if attention_before == NAME:
        base.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        base.set_attn_implementation(attention_before)
        for module, forward in fused_forwards.items():
            module.forward = forward


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turns a checkpoint that cannot be written into an OutputError, and removes what is half-written."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "PytorchStreamWriter" not in str(error):
            raise
        for checkpoint in folder.glob("checkpoint-*"):
            if not _complete(checkpoint):
                shutil.rmtree(checkpoint, ignore_errors=True)
        cause = error if isinstance(error, OSError) else OSError(28, str(error))
        raise output_error(folder, cause, "a checkpoint") from error
