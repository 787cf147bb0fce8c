"""The preference stages on a tiny model: what they are to move moves, and the folder serves as any other."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import settings
from tooltune import EXAMPLE_TOOLS, Example, Message, Tool
from tooltune.chat import TextEncoder
from tooltune.cli import main
from tooltune.config import DataConfig, TrainConfig
from tooltune.dataset import stream_examples
from tooltune.errors import DataError
from tooltune.train.lora import CHECKPOINTS, add_lora
from tooltune.train.preference import stage_data, train_stage, what_moved
from tooltune.train.reward import REWARDS

SHORT = {"max_new_tokens": 8, "max_length": 4096, "save_strategy": "no"}


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    config = DataConfig(num_examples=40, one_tool_share=0.9)
    return list(islice(stream_examples(config, EXAMPLE_TOOLS[:3], 0), 8))


def trained(model: Any, examples: list[Example], encoder: TextEncoder, config: TrainConfig) -> Any:
    return train_stage(add_lora(model, config), stage_data(examples, encoder, config), encoder, config)


def test_dpo_raises_the_margin_of_its_pairs(
    tiny_model: Callable[..., Any], byte_tokenizer: Any, examples: list[Example], tmp_path: Path
) -> None:
    whole = {"per_device_train_batch_size": 99, "gradient_accumulation_steps": 1}  # each step sees all pairs
    config = settings(tmp_path, stage="dpo", num_train_epochs=8, lr_scheduler_type="constant", **whole, **SHORT)
    done = trained(tiny_model("Llama", 400), examples[:3], TextEncoder(byte_tokenizer), config)
    margins, accuracies = (
        [entry[key] for entry in done.history if key in entry] for key in ("rewards/margins", "rewards/accuracies")
    )
    assert margins[0] == pytest.approx(0, abs=1e-4)  # the reference is the model as it starts
    assert margins[-1] > 0.02
    assert accuracies[-1] > accuracies[0]
    assert "rewards/margins 0.000 at the first log" in what_moved(done.history, "dpo")
    assert list(done.model.peft_config) == ["default"]
    assert done.model(input_ids=torch.arange(5)[None]).logits.shape[-1] == 400


def test_dpo_goes_on_from_an_adapter_and_a_checkpoint(
    tiny_model: Callable[..., Any], byte_tokenizer: Any, examples: list[Example], tmp_path: Path
) -> None:
    """The reference is the adapter as it started: the margin starts at zero; a resumed run ends as a whole one."""
    encoder = TextEncoder(byte_tokenizer)
    start = add_lora(tiny_model("Llama", 400), settings(tmp_path / "start"))
    torch.manual_seed(1)
    for name, weight in start.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(std=0.1)
    start.save_pretrained(tmp_path / "start")
    values = {"stage": "dpo", "adapter": tmp_path / "start", "num_train_epochs": 1, "save_total_limit": None}
    config = settings(tmp_path / "whole", **values, max_length=4096)
    whole = trained(tiny_model("Llama", 400), examples, encoder, config)
    assert whole.history[0]["rewards/margins"] == pytest.approx(0, abs=1e-4)
    last = sorted((tmp_path / "whole" / CHECKPOINTS).glob("checkpoint-*"))[-1]
    assert last.name != "checkpoint-1"
    shutil.rmtree(last)
    again = trained(tiny_model("Llama", 400), examples, encoder, config.model_copy(update={"resume": True}))
    weights = dict(whole.model.named_parameters())
    for name, weight in again.model.named_parameters():
        assert torch.equal(weight, weights[name]), name


def test_grpo_samples_and_is_rewarded_by_the_scorer(
    tiny_model: Callable[..., Any], byte_tokenizer: Any, examples: list[Example], tmp_path: Path
) -> None:
    config = settings(tmp_path, stage="grpo", num_train_epochs=1, num_generations=2, **SHORT)
    encoder = TextEncoder(byte_tokenizer)
    done = trained(tiny_model("Llama", 400), examples, encoder, config)
    rewards = [entry["reward"] for entry in done.history if "reward" in entry]
    assert rewards
    assert all(min(REWARDS.values()) <= value <= max(REWARDS.values()) for value in rewards)
    assert "reward" in what_moved(done.history, "grpo")
    json.dumps(done.history, allow_nan=False)
    assert "forward" not in vars(done.model.get_base_model())


def test_prompts_have_the_ids_of_the_encoder_where_trl_samples(
    tiny_model: Callable[..., Any], byte_tokenizer: Any, examples: list[Example], tmp_path: Path
) -> None:
    from tooltune.train.preference import _grpo

    config = settings(tmp_path, stage="grpo", num_generations=2, **SHORT)
    encoder = TextEncoder(byte_tokenizer)
    encoder.tokenizer.pad_token_id = encoder.pad_id
    rows = stage_data(examples, encoder, config).rows
    trainer = _grpo(add_lora(tiny_model("Llama", 400), config), rows, encoder, config, [])
    names = [row["prompt"] for row in trainer.train_dataset]
    assert trainer._tokenize_prompts(names)[0] == [
        encoder.encode_prompt(row["item"].messages, row["item"].tools) for row in rows
    ]
    right = [encoder.encode([Message("assistant", row["item"].reference, row["item"].calls)], ()) for row in rows]
    replies = [[i for i, kept in zip(one.input_ids, one.trained, strict=True) if kept] for one in right]
    (judge,) = trainer.reward_funcs
    assert judge(prompts=names, completion_ids=replies) == [1.0] * len(rows)
    assert judge(prompts=names, completion_ids=[ids[:-1] for ids in replies]) == [0.0] * len(rows)


def test_a_dataset_without_pairs_says_so(byte_tokenizer: Any, tools: list[Tool], tmp_path: Path) -> None:
    hello = Example((Message("user", "Hi"), Message("assistant", "Hello.")))  # no tool that could be called
    for stage, values in (("dpo", {}), ("grpo", {"max_length": 20})):
        config = settings(tmp_path, stage=stage, **values)
        with pytest.raises(DataError, match=f"--stage {stage}: nothing to train on among 1 training examples"):
            stage_data([hello], TextEncoder(byte_tokenizer), config)
    with pytest.raises(DataError, match="1 prompts; expected 2 or more"):
        stage_data([hello], TextEncoder(byte_tokenizer), settings(tmp_path, stage="grpo"))


def test_the_missing_extra_is_named(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "trl" else found(name, *rest))
    arguments = ["--stage", "dpo", "--model_name", str(tiny_model_folder), "--output_dir", str(tmp_path / "out")]
    assert main(["train", *arguments]) == 2
    assert "pip install 'tooltune[preference]'" in capsys.readouterr().err


def test_the_command_leaves_a_folder_that_evaluate_takes(
    tiny_model_folder: Path, examples: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data.json", tmp_path / "out"
    values = [{**e.to_dict(), "split": "train" if i % 4 else "held_out"} for i, e in enumerate(examples)]
    data.write_text(json.dumps(values))
    arguments = ["--model_name", str(tiny_model_folder), "--data_path", str(data), "--output_dir", str(out),
                 "--held_out_share", "0.3", "--num_train_epochs", "1", "--max_new_tokens", "4", "--dtype", "float32",
                 "--max_length", "4096", "--early_gradients"]  # fmt: skip
    assert main(["train", "--stage", "dpo", *arguments]) == 0
    said = capsys.readouterr().out
    assert "Note: --stage dpo makes no use of --early_gradients" in said
    assert "rewards/margins 0.000 at the first log" in said
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["config"]["stage"], manifest["config"]["learning_rate"]) == ("dpo", 1e-5)
    assert manifest["data"]["encoding"]["pairs"] > 0
    assert {
        "history.json",
        "loss.png",
        "settings.json",
        "tools.json",
        "tokenizer.json",
        "adapter_model.safetensors",
    } <= {path.name for path in out.iterdir()}
    assert not (out / "ref").exists()
    assert main(["evaluate", str(out), "--data_path", str(data), "--max_new_tokens", "4"]) == 0
