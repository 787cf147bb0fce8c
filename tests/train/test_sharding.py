"""FSDP2: two processes that each hold half of every weight train and save what one process does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.test_cli import ROOT, command
from tests.train.conftest import settings
from tests.train.test_distributed import RECIPES, compare
from tooltune.cli import main
from tooltune.errors import ConfigError
from tooltune.train.sharding import check_sharding

LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(RECIPES / "fsdp2.yaml"),
          "--num_processes", "2", "--main_process_port", "0"]  # fmt: skip
SHARDED = [str(ROOT / "tests" / "train" / "fsdp_on_cpu.py")]


@pytest.fixture(scope="module")
def arguments(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """`tooltune train`, but for the output; a rank that two processes cannot divide evenly."""
    data = tmp_path_factory.mktemp("data") / "data.jsonl"
    assert main(["generate", "--data_path", str(data), "--num_examples", "40", "--max_tools_in_view", "2"]) == 0
    return ["train", "--model_name", str(tiny_model_folder), "--data_path", str(data), "--learning_rate", "1e-2",
            "--num_train_epochs", "1", "--dtype", "float32", "--lora_rank", "3", "--save_strategy", "steps",
            "--save_steps", "2"]  # fmt: skip


def sharded(arguments: list[str], folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return command([*LAUNCH, *SHARDED, *arguments, "--output_dir", str(folder), *more], folder.parent)


@pytest.fixture(scope="module")
def trained(arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes, and beside it, in `one`, that of one process."""
    folder = tmp_path_factory.mktemp("sharded")
    done = sharded(arguments, folder / "two", "--gradient_accumulation_steps", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Training:") == 1  # the first process speaks
    assert "Note: weights are sharded" in done.stdout
    assert main([*arguments, "--output_dir", str(folder / "one"), "--gradient_accumulation_steps", "2"]) == 0
    return folder


def test_losses_and_adapter_are_those_of_one_process(trained: Path) -> None:
    compare(trained)


def test_a_checkpoint_holds_both_halves_and_the_adapter_whole(trained: Path) -> None:
    newest = max((trained / "two" / "checkpoints").glob("checkpoint-*"))
    halves = {path.name for path in (newest / "pytorch_model_fsdp_0").glob("*.distcp")}
    assert halves == {"__0_0.distcp", "__1_0.distcp"}
    adapters = [load_file(folder / "adapter_model.safetensors") for folder in (newest, trained / "two")]
    assert adapters[0].keys() == adapters[1].keys()
    assert all(torch.equal(weight, adapters[1][name]) for name, weight in adapters[0].items())


def test_a_resumed_run_ends_with_the_same_adapter(arguments: list[str], trained: Path) -> None:
    whole = load_file(trained / "two" / "adapter_model.safetensors")
    newest = max((trained / "two" / "checkpoints").glob("checkpoint-*"))
    shutil.rmtree(newest)
    (trained / "two" / "adapter_model.safetensors").unlink()
    done = sharded(arguments, trained / "two", "--gradient_accumulation_steps", "1", "--resume")
    assert done.returncode == 0, done.stderr
    assert newest.exists()
    again = load_file(trained / "two" / "adapter_model.safetensors")
    assert all(torch.equal(weight, again[name]) for name, weight in whole.items())


def test_where_accelerate_shards_nothing_that_is_said(arguments: list[str], tmp_path: Path) -> None:
    launch = [*LAUNCH, "-m", "tooltune", *arguments, "--output_dir", str(tmp_path / "two")]
    done = command([*launch, "--gradient_accumulation_steps", "1"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Note: weights are not sharded" in done.stdout
    assert main([*arguments, "--output_dir", str(tmp_path / "one"), "--gradient_accumulation_steps", "2"]) == 0
    compare(tmp_path)


def launched(**state: Any) -> Any:
    """What `check_sharding` looks at in a Trainer."""
    deepspeed = SimpleNamespace(zero_stage=state.get("zero_stage"))
    accelerator = SimpleNamespace(
        state=SimpleNamespace(deepspeed_plugin=deepspeed), is_fsdp2=state.get("fsdp_version") == 2
    )
    return SimpleNamespace(
        is_deepspeed_enabled="zero_stage" in state, is_fsdp_enabled="fsdp_version" in state, accelerator=accelerator
    )


@pytest.mark.parametrize(
    ("state", "values", "found"),
    [
        ({"zero_stage": 3}, {}, "ZeRO stage 3"),
        ({"fsdp_version": 1}, {}, "fsdp_version"),
        ({"fsdp_version": 2}, {"init_lora_weights": "pissa"}, "--init_lora_weights pissa"),
        ({"fsdp_version": 2}, {"quantization": "4bit"}, "--quantization 4bit"),
        ({"fsdp_version": 2}, {"stage": "dpo"}, "--stage dpo"),
    ],
)
def test_what_is_not_covered_is_refused(state: Any, values: dict[str, Any], found: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=found):
        check_sharding(launched(**state), settings(tmp_path, **values))


def test_zero_2_and_a_single_process_are_left_alone(tmp_path: Path) -> None:
    assert check_sharding(launched(zero_stage=2), settings(tmp_path)) == []
    assert check_sharding(launched(), settings(tmp_path)) == []
