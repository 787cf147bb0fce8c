"""kill -9 at two bad moments: a run that goes on afterwards ends in the weights of one that was left alone."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.test_cli import command
from tooltune.cli import main

# Step N's checkpoint has its weights and optimiser, and not yet its state; or it is whole and the next step runs.
DYING = """
import os, signal, sys
from tooltune.train.trainer import PackTrainer
where, step = sys.argv[1], int(sys.argv[2])
before = getattr(PackTrainer, where)
def dying(self, *args, **kwargs):
    if self.state.global_step == step:
        os.kill(os.getpid(), signal.SIGKILL)
    return before(self, *args, **kwargs)
setattr(PackTrainer, where, dying)
from tooltune.cli import main
sys.exit(main(sys.argv[3:]))
"""


def test_a_killed_run_ends_in_the_same_weights(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.jsonl"
    assert main(["generate", "--data_path", str(data), "--num_examples", "24", "--max_tools_in_view", "2"]) == 0
    common = ["train", "--model_name", str(tiny_model_folder), "--data_path", str(data), "--learning_rate", "1e-2",
              "--save_strategy", "steps", "--save_steps", "1", "--gradient_accumulation_steps", "1",
              "--num_train_epochs", "1"]  # fmt: skip
    killed = [*common, "--output_dir", str(tmp_path / "killed")]
    script = tmp_path / "dying.py"
    script.write_text(DYING)

    done = command([sys.executable, str(script), "_save_rng_state", "2", *killed], tmp_path)
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder = tmp_path / "killed" / "checkpoints"
    assert (folder / "checkpoint-2" / "optimizer.pt").exists()
    assert not (folder / "checkpoint-2" / "trainer_state.json").exists()

    done = command([sys.executable, str(script), "training_step", "3", *killed, "--resume"], tmp_path)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (folder / "checkpoint-3" / "trainer_state.json").exists()

    assert main([*killed, "--resume"]) == 0
    assert main([*common, "--output_dir", str(tmp_path / "whole")]) == 0
    weights = [(tmp_path / run / "adapter_model.safetensors").read_bytes() for run in ("whole", "killed")]
    assert weights[0] == weights[1]

    monkeypatch.chdir(tmp_path)  # no dataset of the default name lies here, so it is the run's own
    evaluated = ["evaluate", str(tmp_path / "killed"), "--checkpoints",
                 "--output_dir", str(tmp_path / "evaluated"), "--max_new_tokens", "4"]  # fmt: skip
    assert main(evaluated) == 0
    assert (tmp_path / "evaluated" / "checkpoints.png").stat().st_size > 1000
