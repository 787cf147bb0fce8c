"""What the preference stages cannot do, and what they make no use of. Needs neither torch nor TRL."""

from __future__ import annotations

from typing import NoReturn

from tooltune.config import TrainConfig
from tooltune.errors import ConfigError

_SFT_ONLY = (
    "max_tokens_per_batch", "loraplus_lr_ratio", "neftune_noise_alpha", "first_token_weight", "cpu_processes",
    "early_gradients", "eval_steps",
)  # fmt: skip


def ignored_flags(config: TrainConfig) -> list[str]:
    """The flags that are given and that the preference stages make no use of."""
    return [f"--{name}" for name in _SFT_ONLY if getattr(config, name) != TrainConfig.model_fields[name].default]


def check_stage(config: TrainConfig) -> None:
    """Refuse settings with which a preference stage would not be what was asked for.

    Raises:
        ConfigError: names the flag.
    """
    if config.stage == "sft":
        return
    if config.early_stopping_patience:
        _refuse(config, "--early_stopping_patience", "none: these stages measure nothing on the way")
    if "lm_head" in config.lora_target_modules:
        _refuse(config, "--lora_target_modules lm_head", "other modules: TRL takes the head as it is")
    if config.stage == "dpo" and config.init_lora_weights not in ("default", "gaussian"):
        start = f"--init_lora_weights {config.init_lora_weights}"
        _refuse(config, start, "default or gaussian: others move the base, which the reference needs as it is")
    replies = config.per_device_train_batch_size * config.gradient_accumulation_steps
    if config.stage == "grpo" and replies % config.num_generations:
        _refuse(
            config,
            f"--per_device_train_batch_size times --gradient_accumulation_steps is {replies}",
            f"a multiple of --num_generations ({config.num_generations})",
        )


def _refuse(config: TrainConfig, found: str, expected: str) -> NoReturn:
    raise ConfigError(f"--stage {config.stage}", found, expected)
