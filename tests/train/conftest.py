"""Small packs of real conversations, and settings that train on them in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tooltune import Message, Tool, ToolCall
from tooltune.chat import Encoded, TextEncoder
from tooltune.config import TrainConfig
from tooltune.train.batching import Pack, make_packs


@pytest.fixture
def packs(byte_tokenizer: Any, tools: list[Tool]) -> list[Pack]:
    encoder = TextEncoder(byte_tokenizer)
    examples: list[Encoded] = []
    for city in ("Oslo", "Bergen", "Rome", "Lima", "Cairo", "Delhi", "Paris", "Quito"):
        call = Message("assistant", "", (ToolCall("get_weather", {"city": city}),))
        examples.append(encoder.encode([Message("user", f"Weather in {city}?"), call], tools))
    return make_packs(examples, ["tools"] * len(examples), 2, seed=0)


def settings(folder: Path, **values: Any) -> TrainConfig:
    defaults = {
        "output_dir": folder,
        "num_train_epochs": 2,
        "gradient_accumulation_steps": 2,
        "learning_rate": 1e-2,
        "lora_rank": 4,
        "save_strategy": "steps",
        "save_steps": 1,
    }
    return TrainConfig(**(defaults | values))
