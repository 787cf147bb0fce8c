"""What `--engine ray` refuses before Ray is asked, and what becomes of errors of its processes.

Training itself, with a killed process: `tests/test_benchmarks.py::test_ray_training`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tooltune.cli import main
from tooltune.config import TrainCommandConfig
from tooltune.errors import ConfigError, MissingExtraError, OutputError
from tooltune.train.on_ray import check_room, check_unused, in_folder, in_short, raise_own, train_on_ray


class Wrapped(Exception):  # noqa: N818  (as Ray's own is named)
    """What Ray Train gives for what a process raised."""

    def __init__(self, inner: Exception) -> None:
        super().__init__("a long traceback")
        self._base_exc = inner


def test_training_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tooltune\[ray\]'"):
        train_on_ray(lambda: None, TrainCommandConfig(output_dir=tmp_path, engine="ray"))


def test_checkpoints_of_an_earlier_run_are_not_taken_for_this_ones(tmp_path: Path) -> None:
    fresh = TrainCommandConfig(output_dir=tmp_path, engine="ray")
    check_unused(fresh)
    checkpoint = tmp_path / "checkpoints" / "checkpoint-5"
    checkpoint.mkdir(parents=True)
    (checkpoint / "trainer_state.json").write_text("{}")
    check_unused(fresh)  # incomplete, so no restart would take it
    (checkpoint / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"checkpoint-5.*--resume"):
        check_unused(fresh)
    check_unused(fresh.model_copy(update={"resume": True}))


def test_this_machine_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    check_room({"CPU": 2.0}, "CPU", 2)
    with pytest.raises(ConfigError, match=r"--train_workers: 3; expected at most 2, one for each CPU"):
        check_room({"CPU": 2.0}, "CPU", 3)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    check_room({"CPU": 2.0}, "CPU", 3)  # that cluster may grow


def test_a_process_works_in_the_folder_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # so that it is restored
    found: list[Path] = []
    (tmp_path / "shared").mkdir()
    in_folder(tmp_path / "shared", lambda: found.append(Path.cwd()))
    assert found == [tmp_path / "shared"]
    with pytest.raises(OutputError, match=r"absent.*expected a folder that all nodes share"):
        in_folder(tmp_path / "absent", lambda: None)


def test_errors_of_processes() -> None:
    ours, other = ConfigError("--resume", "a", "b"), RuntimeError("connection closed\nby peer")
    with pytest.raises(ConfigError, match="--resume"):
        raise_own([other, Wrapped(ours)])
    raise_own([other])
    assert in_short([Wrapped(other), other, ValueError("x")]) == "RuntimeError: connection closed; ValueError: x"


def test_several_processes_need_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--train_workers", "2"]) == 2
    assert "--engine ray" in capsys.readouterr().err
