"""The LoRA adapter: where it goes, how it starts, and how its start is told from what was learned."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file

from tooltune.config import TrainConfig
from tooltune.errors import ConfigError, ModelError
from tooltune.files import first_process

CHECKPOINTS = "checkpoints"
INITIAL = "initial_adapter"
"""In the folder of checkpoints: the adapter before training, where that is not zero (PiSSA, OLoRA)."""
_SAVED_AS = {"lora_rank": "r", "lora_alpha": "lora_alpha", "use_rslora": "use_rslora", "use_dora": "use_dora"}
_A_RUN = "the --output_dir of a finished run"


def add_lora(model: Any, config: TrainConfig) -> Any:
    """The model with a LoRA adapter on the configured modules: a fresh one, or as `--adapter` has it.

    PiSSA (arXiv:2404.02948) and OLoRA (arXiv:2406.01775) move a part of the base weights into the adapter.
    Their adapter is kept as it starts, so that `save_lora` can save one for the original base.

    Raises:
        ConfigError: no such layer or module, or the given adapter is another one.
        ModelError: the given adapter cannot be read.
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
    if config.adapter:
        check_adapter(config)
        _start_from(adapted, config.adapter)
    if moves_base(adapted):
        adapted.save_pretrained(str(config.output_dir / CHECKPOINTS / INITIAL), is_main_process=first_process())
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


def saved_settings(folder: Path) -> dict[str, Any]:
    """The LoRA settings of a saved adapter that decide its scale and the shape of its weights, by flag.

    Raises:
        ModelError: the folder holds no LoRA adapter.
    """
    path = folder / "adapter_config.json"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        return {name: saved[key] for name, key in _SAVED_AS.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(str(folder), f"no readable LoRA adapter in {path.name} ({error})", _A_RUN) from error


def check_adapter(config: TrainConfig) -> None:
    """Refuse an adapter that was trained with other LoRA settings; needs no model.

    Raises:
        ConfigError: a setting differs.
        ModelError: the folder holds no LoRA adapter.
    """
    for name, saved in saved_settings(config.adapter).items() if config.adapter else ():
        wanted = getattr(config, name)
        if saved != wanted:
            raise ConfigError(f"--adapter {config.adapter}", f"--{name} {saved}", f"{wanted}", "Train with the same")


def _start_from(adapted: Any, folder: Path) -> None:
    """Give the adapter the weights of a saved one. Not covered: a base of the same shape with other weights."""
    path = folder / "adapter_model.safetensors"
    try:
        saved = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(str(path), f"cannot be read ({error})", _A_RUN) from error
    _same_shapes(saved, get_peft_model_state_dict(adapted, save_embedding_layers=False), folder)
    set_peft_model_state_dict(adapted, saved)


def _same_shapes(saved: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor], folder: Path) -> None:
    for name in sorted(saved.keys() | own.keys()):
        found, wanted = (list(part[name].shape) if name in part else None for part in (saved, own))
        if found != wanted:
            raise ConfigError(
                f"--adapter {folder}, {name}",
                f"shape {found}" if found else "no such weights",
                f"shape {wanted}" if wanted else "none, as this model is adapted",
                "Give the same --model_name, --lora_target_modules and --lora_from_layer",
            )


def moves_base(model: Any) -> bool:
    """Whether the adapter's start took a part of the base weights, so that both only fit together."""
    start = model.peft_config["default"].init_lora_weights
    return isinstance(start, str) and start.startswith(("pissa", "olora"))


def save_lora(model: Any, folder: str, output_dir: Path, weights: Mapping[str, torch.Tensor] | None = None) -> None:
    """Save the adapter into `folder` so that it fits the original base.

    Where its start moved the base, peft saves what was learned, B A - B0 A0, as an adapter of twice the rank.

    Args:
        model: the model with its adapter.
        folder: where to.
        output_dir: the run's folder, which holds the adapter's start.
        weights: the adapter's, where the model has only a part of them (see `sharding`).
    """
    if not moves_base(model):
        model.save_pretrained(folder, state_dict=weights)
        return
    initial = str(output_dir / CHECKPOINTS / INITIAL)
    with warnings.catch_warnings():
        # Meant for users who mix adapters; here it is peft's own conversion that loads the second one.
        warnings.filterwarnings("ignore", message=".*changes the base weights")
        model.save_pretrained(folder, path_initial_model_for_weight_conversion=initial)


def load_lora(model: Any, checkpoint: Path) -> None:
    """Put a checkpoint's weights into the adapter of a model that `add_lora` made with the same settings."""
    set_peft_model_state_dict(model, load_file(checkpoint / "adapter_model.safetensors"))


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
