"""Parts on disk: the same bytes for any number of workers, and after a kill; nothing is made twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tooltune.cli import main
from tooltune.errors import MissingExtraError, ToolDefinitionError, WorkerError
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import GenerationReport, generate_examples
from tooltune.generate.distinct import distinct
from tooltune.generate.engines import engine, here, in_processes
from tooltune.generate.on_ray import on_ray
from tooltune.generate.parts import SIZE, Job, candidates, parts_folder, write_part
from tooltune.generate.runner import make_plan
from tooltune.types import Tool

COUNT = 2 * SIZE + 100


def job(folder: Path, tools: list[Tool] = EXAMPLE_TOOLS, count: int = COUNT) -> Job:
    folder.mkdir(exist_ok=True)
    return Job(make_plan(tools, count, seed=3), ".jsonl", folder)


def test_parts_hold_the_candidates_and_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    one, two = job(tmp_path / "one"), job(tmp_path / "two")
    assert list(candidates(one, here)) == list(candidates(two, engine(2)))
    assert [path.name for path in sorted(one.folder.iterdir())] == [f"part-00000{n}.jsonl" for n in range(3)]
    for number in one.numbers():
        assert one.path(number).read_bytes() == two.path(number).read_bytes()


def test_finished_parts_are_not_made_again(tmp_path: Path) -> None:
    half_done = job(tmp_path)
    write_part(half_done, 1)
    asked: list[int] = []

    def noting(job: Job, numbers: Iterable[int]) -> Iterator[None]:
        asked.extend(numbers)
        return here(job, asked)

    assert [candidate.index for candidate in candidates(half_done, noting)] == list(range(COUNT))
    assert asked == [0, 2]


def test_repetitions_are_settled_as_without_parts(tmp_path: Path) -> None:
    few = list(EXAMPLE_TOOLS[:1])
    parts, plain = GenerationReport(), GenerationReport()
    made = job(tmp_path, few)
    kept = [candidate.content for candidate in distinct(candidates(made, here), made.instead, parts)]
    examples = list(generate_examples(few, COUNT, 3, report=plain))
    assert len(set(kept)) == len(examples) == COUNT
    assert parts.dropped["duplicate"] > 10
    assert parts.to_dict() == plain.to_dict()


def test_an_error_of_a_worker_is_the_users(tmp_path: Path) -> None:
    impossible = Tool.from_dict(
        {"name": "f", "parameters": {"properties": {"x": {"not": {}}}, "required": ["x"], "type": "object"}}
    )
    with pytest.raises(ToolDefinitionError, match="example 0"):
        next(in_processes(job(tmp_path, [impossible]), [0], 2))


def test_parts_of_other_settings_are_removed_and_a_finished_dataset_leaves_none(tmp_path: Path) -> None:
    def run(settings: str, interrupted: bool) -> list[str]:
        with suppress(KeyboardInterrupt), parts_folder(tmp_path / "d.jsonl", settings) as folder:
            found = sorted(path.name for path in folder.iterdir())
            for name in ("part-000000.jsonl", ".temporary"):
                (folder / name).write_text("")
            if interrupted:
                raise KeyboardInterrupt
        return found

    assert run("one", interrupted=True) == ["lock", "settings"]
    assert run("one", interrupted=True) == ["lock", "part-000000.jsonl", "settings"]
    assert run("two", interrupted=False) == ["lock", "settings"]
    assert not list(tmp_path.iterdir())


def test_a_cluster_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tooltune\[ray\]'"):
        next(on_ray(job(tmp_path), [0]))


def test_two_runs_do_not_make_the_same_dataset(tmp_path: Path) -> None:
    with (
        parts_folder(tmp_path / "d.jsonl", "one"),
        pytest.raises(WorkerError, match="another run"),
        parts_folder(tmp_path / "d.jsonl", "two"),
    ):
        pass


def test_killed_and_resumed_with_other_workers_gives_the_same_bytes(tmp_path: Path) -> None:
    flags = ["generate", "--num_examples", "1700", "--data_path"]
    killed = tmp_path / "killed.jsonl"
    run = subprocess.Popen([sys.executable, "-m", "tooltune", *flags, str(killed), "--workers", "2"])
    while not list(tmp_path.glob(".killed.jsonl.parts/part-*")):
        assert run.poll() is None
        time.sleep(0.01)
    workers = _children(run.pid)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert not killed.exists()
    assert main([*flags, str(killed)]) == 0
    assert main([*flags, str(tmp_path / "whole.jsonl")]) == 0
    assert killed.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed.jsonl", "whole.jsonl"]
    assert workers
    assert not any(Path(f"/proc/{pid}/cmdline").exists() and _running(pid) for pid in workers)


def _children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _running(pid: int) -> bool:
    return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()


def test_a_worker_that_dies_is_said_and_the_run_goes_on_later(tmp_path: Path) -> None:
    mine = job(tmp_path, count=8 * SIZE)
    making = in_processes(mine, mine.numbers(), 2)
    next(making)
    for pid in _children(os.getpid()):
        if _running(pid):
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="what is finished is kept"):
        list(making)
    assert list(tmp_path.glob("part-*"))
