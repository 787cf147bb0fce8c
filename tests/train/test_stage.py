"""What the preference stages refuse, and which flags they name as of no use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import settings
from tooltune.errors import ConfigError
from tooltune.train.stage import check_stage, ignored_flags


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"stage": "dpo", "eval_steps": 5, "early_stopping_patience": 2}, ("--stage dpo", "--early_stopping_patience")),
        ({"stage": "dpo", "init_lora_weights": "pissa"}, ("--stage dpo", "pissa")),
        ({"stage": "grpo", "lora_target_modules": ["q_proj", "lm_head"]}, ("--stage grpo", "lm_head")),
        ({"stage": "grpo", "num_generations": 3}, ("is 8", "--num_generations (3)")),
    ],
)
def test_what_a_stage_cannot_do_is_refused(tmp_path: Path, values: dict[str, Any], parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stage(settings(tmp_path, **values))
    assert all(part in str(caught.value) for part in parts)
    check_stage(settings(tmp_path, **{**values, "stage": "sft"}))


def test_flags_without_a_use_are_named(tmp_path: Path) -> None:
    assert ignored_flags(settings(tmp_path, stage="dpo")) == []
    config = settings(tmp_path, stage="dpo", early_gradients=True, loraplus_lr_ratio=8)
    assert ignored_flags(config) == ["--loraplus_lr_ratio", "--early_gradients"]
