"""The LoRA adapter: where it goes, how it starts, and how its start is told from what was learned."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

from tooltune.config import TrainConfig
from tooltune.errors import ConfigError

CHECKPOINTS = "checkpoints"
INITIAL = "initial_adapter"
"""In the folder of checkpoints: the adapter before training, where that is not zero (PiSSA, OLoRA)."""


def add_lora(model: Any, config: TrainConfig) -> Any:
    """The model with a fresh LoRA adapter on the configured modules.

    PiSSA (arXiv:2404.02948) and OLoRA (arXiv:2406.01775) move a part of the base weights into the adapter.
    Their adapter is kept as it starts, so that `save_lora` can save one for the original base.

    Raises:
        ConfigError: no such layer or module.
    """
    torch.manual_seed(config.seed)
    if config.quantization != "none":
        model = prepare_model_for_kbit_training(model)
    layers = lora_layers(model, config.lora_from_layer)
    targets = config.lora_target_modules
    if layers is not None and targets == ("all-linear",):
        targets = _linear_names(model)
    adapted = _adapted(model, _lora_config(config, targets, layers), targets)
    if config.init_lora_weights == "loftq":
        from peft import replace_lora_weights_loftq

        replace_lora_weights_loftq(adapted)
    if moves_base(adapted):
        first = int(os.environ.get("RANK", "0")) == 0
        adapted.save_pretrained(str(config.output_dir / CHECKPOINTS / INITIAL), is_main_process=first)
    return adapted


def _lora_config(config: TrainConfig, targets: tuple[str, ...], layers: list[int] | None) -> LoraConfig:
    # LoftQ's start is computed afterwards, from the quantised base.
    start: Any = True if config.init_lora_weights in ("default", "loftq") else config.init_lora_weights
    return LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,  # type: ignore[arg-type]  # peft takes floats
        lora_dropout=config.lora_dropout,
        use_rslora=config.use_rslora,
        use_dora=config.use_dora,
        init_lora_weights=start,
        target_modules="all-linear" if targets == ("all-linear",) else list(targets),
        layers_to_transform=layers,
        task_type="CAUSAL_LM",
    )


def _adapted(model: Any, lora: LoraConfig, targets: tuple[str, ...]) -> Any:
    try:
        return get_peft_model(model, lora)
    except ValueError as error:
        names = ", ".join(_linear_names(model))
        raise ConfigError(
            "--lora_target_modules", f"{' '.join(targets)} ({error})", f"all-linear, or some of {names}"
        ) from error


def moves_base(model: Any) -> bool:
    """Whether the adapter's start took a part of the base weights, so that both only fit together."""
    start = model.peft_config["default"].init_lora_weights
    return isinstance(start, str) and start.startswith(("pissa", "olora"))


def save_lora(model: Any, folder: str, output_dir: Path) -> None:
    """Save the adapter into `folder` so that it fits the original base.

    Where its start moved the base, peft saves what was learned, B A - B0 A0, as an adapter of twice the rank.
    """
    if not moves_base(model):
        model.save_pretrained(folder)
        return
    initial = str(output_dir / CHECKPOINTS / INITIAL)
    with warnings.catch_warnings():
        # Meant for users who mix adapters; here it is peft's own conversion that loads the second one.
        warnings.filterwarnings("ignore", message=".*changes the base weights")
        model.save_pretrained(folder, path_initial_model_for_weight_conversion=initial)


def lora_layers(model: Any, first: int) -> list[int] | None:
    """The numbers of the decoder layers from `first` on; None for all, wherever a model keeps them."""
    if not first:
        return None
    count = int(model.config.get_text_config().num_hidden_layers)
    if first >= count:
        raise ConfigError("--lora_from_layer", str(first), f"below {count}, the model's number of layers")
    return list(range(first, count))


def _linear_names(model: Any) -> tuple[str, ...]:
    """The last part of the name of each linear layer inside the decoder layers."""
    linear = (name for name, module in model.named_modules() if "Linear" in type(module).__name__)
    return tuple(sorted({name.rsplit(".", 1)[-1] for name in linear if "." in name}))
