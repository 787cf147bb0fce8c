"""Weights that are spread over processes (FSDP2): what can be trained so, and the adapter put together again.

accelerate shards the model inside Trainer, in place; after that a weight is a DTensor, of which each process holds
a part. Reading one whole is done by all processes together, so nothing here may run on the first process alone.

Not covered: FSDP 1, ZeRO-3, quantised bases, starts that move the base, and the preference stages. They are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from peft import get_peft_model_state_dict
from torch.distributed.tensor import DTensor

from tooltune.config import TrainConfig
from tooltune.engine.fuse import asked_to_shard
from tooltune.errors import ConfigError

_PLAIN_STARTS = ("default", "gaussian")


def whole_adapter(model: Any) -> Mapping[str, torch.Tensor] | None:
    """The adapter's weights, gathered, under the names of the model's own; None where nothing is sharded.

    Every process has to call it. Of the base weights nothing is gathered that peft would not save.
    """
    if not any(isinstance(p, DTensor) for p in model.parameters()):
        return None
    weights = model.state_dict()
    saved = {id(weight) for weight in get_peft_model_state_dict(model, state_dict=weights).values()}
    return {name: _whole(weight) for name, weight in weights.items() if id(weight) in saved}


def _whole(weight: torch.Tensor) -> torch.Tensor:
    return (weight.full_tensor() if isinstance(weight, DTensor) else weight).detach().cpu()


def check_sharding(trainer: Any, config: TrainConfig) -> list[str]:
    """Refuse what would be trained or saved wrongly. Returns what the user should know.

    Raises:
        ConfigError: the launcher's configuration, or a flag that does not go with it.
    """
    if trainer.is_deepspeed_enabled and trainer.accelerator.state.deepspeed_plugin.zero_stage == 3:
        _refuse("DeepSpeed", "ZeRO stage 3", "stage 2, or FSDP2 as in recipes/distributed/fsdp2.yaml")
    if trainer.is_fsdp_enabled:
        if not trainer.accelerator.is_fsdp2:
            _refuse("fsdp_version", "1", "2, as in recipes/distributed/fsdp2.yaml")
        _check_settings(config)
        return ["weights are sharded: parts are not fused, and packs are not computed side by side"]
    if asked_to_shard(by=("FSDP",)):
        return ["weights are not sharded, though FSDP was asked for: accelerate shards over several GPUs only"]
    return []


def _check_settings(config: TrainConfig) -> None:
    if config.stage != "sft":
        _refuse(f"--stage {config.stage}", "FSDP2", "one whole model in each process")
    if config.quantization != "none":
        _refuse(f"--quantization {config.quantization}", "FSDP2", "none")
    if config.init_lora_weights not in _PLAIN_STARTS:
        _refuse(f"--init_lora_weights {config.init_lora_weights}", "FSDP2", " or ".join(_PLAIN_STARTS))


def _refuse(where: str, found: str, expected: str) -> None:
    raise ConfigError(where, found, expected)
