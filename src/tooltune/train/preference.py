"""The stages after supervised training, on TRL's trainers: DPO on pairs, GRPO on rewarded samples.

Not TRL's are the tokens and the judge. Token ids are the encoder's, segment by segment, in place of TRL's
tokenisation, so that what is trained is what the model is asked at inference; pairs and rewards come from the
evaluation's scorer (`pairs`, `reward`). DPO: Rafailov et al. 2023, arXiv:2305.18290. GRPO: Shao et al.
2024, arXiv:2402.03300.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets import Dataset
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DataCollatorForPreference, DPOTrainer
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from tooltune.chat.encode import Encoder
from tooltune.config import TrainConfig
from tooltune.errors import DataError
from tooltune.evaluate.items import Item, items_of
from tooltune.train.pairs import encode_pairs, make_pairs
from tooltune.train.progress import ProgressBar
from tooltune.train.reward import reward
from tooltune.train.trainer import StopAfterStep, Trained, run_trainer, training_values
from tooltune.types import Example

_REFERENCE = "ref"
"""The name under which TRL keeps a copy of the adapter as it started."""
_MOVED = {"dpo": ("rewards/margins", "rewards/accuracies"), "grpo": ("reward",)}


@dataclass(frozen=True)
class StageData:
    """What a preference stage trains on."""

    rows: Sequence[Mapping[str, Any]]
    """DPO: the ids of a prompt and both replies. GRPO: the `item` and its `prompt_ids`."""
    report: Mapping[str, int]
    """What became of the decisions."""


def stage_data(examples: Sequence[Example], encoder: Encoder, config: TrainConfig) -> StageData:
    """Pairs for DPO, prompts for GRPO.

    Raises:
        DataError: there are none, or too few for one step.
    """
    data = _pairs(examples, encoder, config) if config.stage == "dpo" else _prompts(examples, encoder, config)
    if not data.rows:
        counts = ", ".join(f"{name} {count}" for name, count in data.report.items() if count)
        raise DataError(
            f"--stage {config.stage}",
            f"nothing to train on among {len(examples)} training examples ({counts or 'no decision'})",
            "decisions of the assistant that the scorer can judge, within --max_length",
        )
    return data


def _pairs(examples: Sequence[Example], encoder: Encoder, config: TrainConfig) -> StageData:
    pairs, report = make_pairs(examples, config.seed)
    return StageData(encode_pairs(pairs, encoder, config.max_length, report), report.to_dict())


def _prompts(examples: Sequence[Example], encoder: Encoder, config: TrainConfig) -> StageData:
    items = items_of(examples)
    encoded: list[dict[str, Any]] = [
        {"item": item, "prompt_ids": encoder.encode_prompt(item.messages, item.tools)} for item in items
    ]
    rows = [row for row in encoded if len(row["prompt_ids"]) + config.max_new_tokens <= config.max_length]
    if 0 < len(rows) < (least := _prompts_a_step(config)):
        raise DataError(
            "--stage grpo", f"{len(rows)} prompts", f"{least} or more, as one step takes",
            "Give more examples, more --num_generations, or fewer --gradient_accumulation_steps.",
        )  # fmt: skip
    return StageData(rows, {"decisions": len(items), "prompts": len(rows), "too_long": len(items) - len(rows)})


def _prompts_a_step(config: TrainConfig) -> int:
    return config.per_device_train_batch_size * config.gradient_accumulation_steps // config.num_generations


def train_stage(model: Any, data: StageData, encoder: Any, config: TrainConfig) -> Trained:
    """Train `model`, which already has its adapter, and leave it on its last weights, as built.

    Raises:
        Interrupted, OutputError: as `trainer.train` does.
    """
    encoder.tokenizer.pad_token_id = encoder.pad_id
    model.generation_config.eos_token_id = sorted(encoder.end_ids)  # where TRL's sampling ends
    stop = StopAfterStep()
    make = _dpo if config.stage == "dpo" else _grpo
    trainer = make(model, data.rows, encoder, config, [stop, ProgressBar()])
    try:
        notices = run_trainer(trainer, stop, config)
    finally:
        _as_before(model)
    return Trained(model.eval(), [_finite(entry) for entry in trainer.state.log_history], notices)


def _values(config: TrainConfig, batches: int) -> dict[str, Any]:
    """Our settings as TRL's; where TRL's defaults differ from transformers', the latter's."""
    return training_values(config, batches) | {
        "per_device_train_batch_size": config.per_device_train_batch_size,
        "eval_strategy": "no",
        "eval_steps": None,
        "neftune_noise_alpha": None,
        "label_names": None,
        "bf16": False,
        # TRL's own default is on, and says so in a warning
        "gradient_checkpointing": True if config.gradient_checkpointing == "always" else None,
        "use_liger_kernel": False,  # TRL understands another loss by it
        "liger_kernel_config": None,
    }


class _Quiet:
    """What TRL's trainers do beside training, left out: a message to its makers, and a model card in our folder."""

    def _send_telemetry(self) -> None:
        """Nothing leaves this machine."""

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """The manifest says what was trained."""


class PairTrainer(_Quiet, DPOTrainer):
    """DPOTrainer on pairs that are already token ids."""

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset


class RewardTrainer(_Quiet, GRPOTrainer):
    """GRPOTrainer whose prompts are names of items; their token ids are looked up."""

    prompt_ids: Mapping[str, list[int]]

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return [self.prompt_ids[prompt] for prompt in prompts], None, {}


def _dpo(model: Any, rows: Sequence[Mapping[str, Any]], encoder: Any, config: TrainConfig, callbacks: Any) -> Any:
    batches = math.ceil(len(rows) / config.per_device_train_batch_size)
    return PairTrainer(
        model=model,
        args=DPOConfig(**_values(config, batches), beta=config.dpo_beta, max_length=None),
        train_dataset=Dataset.from_list([dict(row) for row in rows]),
        data_collator=DataCollatorForPreference(encoder.pad_id),
        processing_class=encoder.tokenizer,
        callbacks=callbacks,
    )


def _grpo(model: Any, rows: Sequence[Mapping[str, Any]], encoder: Any, config: TrainConfig, callbacks: Any) -> Any:
    replies = len(rows) // _prompts_a_step(config) * _prompts_a_step(config) * config.num_generations
    arguments = GRPOConfig(
        **_values(config, replies // config.per_device_train_batch_size),
        num_generations=config.num_generations,
        max_completion_length=config.max_new_tokens,
    )
    trainer = RewardTrainer(
        model=model,
        reward_funcs=_Judge({row["item"].id: row["item"] for row in rows}, encoder),
        args=arguments,
        train_dataset=Dataset.from_list([{"prompt": row["item"].id} for row in rows]),
        processing_class=encoder.tokenizer,
        callbacks=callbacks,
    )
    trainer.prompt_ids = {row["item"].id: row["prompt_ids"] for row in rows}
    return trainer


class _Judge:
    """TRL's reward function: what each sampled reply earns."""

    __name__ = "scorer"

    def __init__(self, items: Mapping[str, Item], encoder: Encoder) -> None:
        self._items, self._encoder = items, encoder

    def __call__(self, prompts: Sequence[str], completion_ids: Sequence[list[int]], **rest: Any) -> list[float | None]:
        return [self._reward(self._items[name], ids) for name, ids in zip(prompts, completion_ids, strict=True)]

    def _reward(self, item: Item, ids: list[int]) -> float:
        reply = self._encoder.parse(self._encoder.decode(ids))
        return reward(item, reply, truncated=not ids or ids[-1] not in self._encoder.end_ids)


def _as_before(model: Any) -> None:
    """Take off what TRL put on the model: its loss in the head, and the reference adapter."""
    vars(model.get_base_model()).pop("forward", None)
    if _REFERENCE in model.peft_config:
        model.delete_adapter(_REFERENCE)


def _finite(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A log entry that JSON can hold: TRL writes NaN where it has nothing to average."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in entry.items()}


def what_moved(history: Sequence[Mapping[str, Any]], stage: str) -> str:
    """The stage's own metrics at its first and at its last log, for the terminal."""
    return "; ".join(_first_and_last(history, stage))


def _first_and_last(history: Sequence[Mapping[str, Any]], stage: str) -> Iterator[str]:
    for key in _MOVED[stage]:
        values = [entry[key] for entry in history if entry.get(key) is not None]
        if values:
            yield f"{key} {values[0]:.3f} at the first log, {values[-1]:.3f} at the last"
