"""Two processes (gloo, CPU) make the steps of one that accumulates twice as long: same losses, same weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.test_cli import ROOT, command
from tooltune.cli import guarded, main
from tooltune.config import TrainCommandConfig

RECIPES = ROOT / "recipes" / "distributed"
LAUNCHERS = {
    "torchrun": ["torch.distributed.run", "--standalone", "--nproc_per_node", "2"],
    "accelerate": ["accelerate.commands.launch", "--config_file", str(RECIPES / "accelerate_cpu.yaml")],
}


@pytest.mark.parametrize("name", LAUNCHERS)
def test_two_processes_train_what_one_does(name: str, tiny_model_folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    assert main(["generate", "--data_path", str(data), "--num_examples", "40", "--max_tools_in_view", "2"]) == 0
    common = ["train", "--model_name", str(tiny_model_folder), "--data_path", str(data), "--learning_rate", "1e-2",
              "--num_train_epochs", "1", "--save_strategy", "no", "--dtype", "float32"]  # fmt: skip
    one, two = (["--output_dir", str(tmp_path / name), "--gradient_accumulation_steps"] for name in ("one", "two"))
    done = command([sys.executable, "-m", *LAUNCHERS[name], "-m", "tooltune", *common, *two, "1"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Training:") == 1  # the first process speaks
    assert main([*common, *one, "2"]) == 0
    compare(tmp_path)


def compare(folder: Path) -> None:
    """Hold the run in `two` against the one in `one`."""
    losses, weights = [], []
    for run in ("one", "two"):
        history = json.loads((folder / run / "history.json").read_text())
        losses.append(torch.tensor([entry["loss"] for entry in history if "loss" in entry]))
        weights.append(load_file(folder / run / "adapter_model.safetensors"))
    torch.testing.assert_close(*losses, rtol=1e-3, atol=0)
    one_, two_ = (torch.cat([value.flatten() for _, value in sorted(w.items())]) for w in weights)
    # Adam turns the last bits of small gradients into steps of full size, so single weights may differ.
    assert float((one_ - two_).norm() / one_.norm()) < 5e-3


@pytest.mark.parametrize("name", ["run.yaml", "ray.yaml"])
def test_the_recipe_is_valid(name: str) -> None:
    path = RECIPES / name
    TrainCommandConfig.parse(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))


def test_a_command_leaves_the_processes_it_joined(tmp_path: Path) -> None:
    """gloo's threads that outlive the interpreter end it with SIGABRT now and then."""
    store = f"file://{tmp_path / 'store'}"
    joined = guarded(lambda: torch.distributed.init_process_group("gloo", init_method=store, rank=0, world_size=1))
    assert joined == 0
    assert not torch.distributed.is_initialized()
