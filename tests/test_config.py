"""Settings: the documented defaults, and an error that names the flag for each rule."""

from __future__ import annotations

from typing import Any

import pytest

from tooltune.config import EmbeddedRunConfig, RunConfig, ScriptConfig
from tooltune.errors import ConfigError

DOCUMENTED = {
    "model_name": "mistralai/Mistral-7B-v0.1",
    "data_path": "data/tool_using_dataset.json",
    "output_dir": "output/tool_using_model",
    "num_examples": 1000,
    "num_train_epochs": 3,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 4,
    "learning_rate": 2e-5,
    "seed": 42,
    "generate_only": False,
}


def test_the_documented_defaults() -> None:
    defaults = ScriptConfig().model_dump(mode="json")
    assert {name: defaults[name] for name in DOCUMENTED} == DOCUMENTED


def test_run_defaults_to_the_embedded_model() -> None:
    assert EmbeddedRunConfig().model_name == "smollm2-135m"


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"num_examples": 0}, ("--num_examples", "found 0", "greater than 0")),
        ({"num_examples": -3}, ("--num_examples", "found -3")),
        ({"num_examples": "many"}, ("--num_examples", "found 'many'", "integer")),
        ({"num_train_epochs": 0}, ("--num_train_epochs",)),
        ({"per_device_train_batch_size": -1}, ("--per_device_train_batch_size",)),
        ({"gradient_accumulation_steps": 0}, ("--gradient_accumulation_steps",)),
        ({"learning_rate": 0}, ("--learning_rate",)),
        ({"learning_rate": float("nan")}, ("--learning_rate",)),
        ({"lora_rank": 0}, ("--lora_rank",)),
        ({"lora_dropout": 1}, ("--lora_dropout",)),
        ({"use_dora": True, "init_lora_weights": "pissa"}, ("--use_dora", "pissa")),
        ({"quantization": "8bit", "init_lora_weights": "olora"}, ("olora", "--quantization none")),
        ({"init_lora_weights": "loftq"}, ("loftq", "--quantization 4bit")),
        ({"adapter": "output/generalist", "init_lora_weights": "pissa"}, ("--adapter", "pissa")),
        ({"init_lora_weights": "best"}, ("--init_lora_weights", "'pissa'")),
        ({"max_tokens_per_batch": 0}, ("--max_tokens_per_batch",)),
        ({"early_stopping_patience": 2}, ("--early_stopping_patience", "--eval_steps")),
        ({"stage": "ppo"}, ("--stage", "'dpo'")),
        ({"stage": "grpo", "num_generations": 1}, ("--num_generations",)),
        ({"optim": "magic"}, ("--optim", "'adamw_torch'")),
        ({"warmup_ratio": 1}, ("--warmup_ratio",)),
        ({"neftune_noise_alpha": 0}, ("--neftune_noise_alpha",)),
        ({"max_length": 0}, ("--max_length",)),
        ({"save_steps": 0}, ("--save_steps",)),
        ({"eval_steps": 0}, ("--eval_steps",)),
        ({"save_total_limit": 0}, ("--save_total_limit",)),
        ({"held_out_share": 1}, ("--held_out_share",)),
        ({"examples_per_tool_set": 0}, ("--examples_per_tool_set",)),
        ({"quantization": "2bit"}, ("--quantization", "'none', '8bit' or '4bit'")),
        ({"save_strategy": "never"}, ("--save_strategy",)),
        ({"report_to": "paper"}, ("--report_to",)),
        ({"learning_rat": 1}, ("unknown key 'learning_rat'", "learning_rate")),
        ({"resume": True, "generate_only": True}, ("--resume",)),
        ({"num_examples": 0, "seed": -1}, ("--num_examples", "--seed")),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.parse(values)
    for part in parts:
        assert part in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().seed = 1  # type: ignore[misc]


@pytest.mark.parametrize("kind", [RunConfig, EmbeddedRunConfig])
def test_the_preference_stages_have_a_learning_rate_of_their_own(kind: type[RunConfig]) -> None:
    assert kind(stage="dpo").learning_rate == 1e-5 < kind().learning_rate
    assert kind(stage="grpo", learning_rate=1e-3).learning_rate == 1e-3
