"""Candidates in parts on disk: made by any number of workers, kept when a run is killed.

A part holds the candidates of consecutive examples, one JSON object a line, with the example's text as the
dataset will have it. A worker writes a part to a temporary name and renames it; the next run with the same
settings makes only the parts that are not there. Whatever made them, the bytes of a part are the same.

Not covered: two machines that write into the same folder at a time (the lock is the operating system's).
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tooltune.errors import WorkerError
from tooltune.files import reading, writable_folder, write_text
from tooltune.formats.documented import text_of
from tooltune.generate.distinct import Candidate
from tooltune.generate.runner import Plan, again
from tooltune.types import Example

SIZE = 512
"""Examples in a part: what a killed worker loses, at most."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to make any part."""

    plan: Plan
    suffix: str
    """Of the dataset, for which the texts are laid out."""
    folder: Path
    """Where the parts lie."""

    def numbers(self) -> range:
        """The parts, from 0."""
        return range(-(-self.plan.total // SIZE))

    def path(self, number: int) -> Path:
        """The file of a part."""
        return self.folder / f"part-{number:06}.jsonl"

    def written(self, candidate: Candidate[Example]) -> Candidate[str]:
        """A candidate whose example is written out."""
        return candidate.holding(text_of(candidate.content, self.suffix, f"example {candidate.index}"))

    def instead(self, repeated: Candidate[str]) -> Candidate[str]:
        """The candidate in place of one that repeats an earlier example."""
        return self.written(again(self.plan, repeated))


Engine = Callable[[Job, Iterable[int]], Iterator[None]]
"""Writes parts that are not there; gives the next value when the next of the given parts is."""


def part_text(job: Job, number: int) -> str:
    """What a part holds."""
    numbers = range(job.plan.total)[number * SIZE : (number + 1) * SIZE]
    return "".join(f"{json.dumps(vars(job.written(job.plan.candidate(i))))}\n" for i in numbers)


def write_part(job: Job, number: int) -> None:
    """Make a part, whole or not at all."""
    write_text(job.path(number), part_text(job, number))


def candidates(job: Job, engine: Engine) -> Iterator[Candidate[str]]:
    """All candidates in order; parts that are not there yet are made by the engine."""
    missing = dict.fromkeys(number for number in job.numbers() if not job.path(number).exists())
    made = engine(job, missing)
    for number in job.numbers():
        if number in missing:
            next(made)
        yield from _read(job.path(number))


def _read(path: Path) -> Iterator[Candidate[str]]:
    with reading(str(path), "a part of a dataset", "Run the command again"), path.open("rb") as file:
        for line in file:
            yield Candidate(**json.loads(line))


@contextmanager
def parts_folder(dataset: Path, settings: str) -> Iterator[Path]:
    """The folder of a dataset's parts, beside it; parts made with other settings are removed.

    Once the dataset is written the folder goes; after an error or a kill it stays.

    Args:
        dataset: the file that is being made.
        settings: what the parts depend on, as a text.

    Raises:
        WorkerError: another run makes this dataset at the moment.
        OutputError: the folder cannot be made.
    """
    folder = writable_folder(dataset.with_name(f".{dataset.name}.parts"), "the dataset's parts")
    with (folder / "lock").open("w") as lock:
        _lock(lock.fileno(), dataset)
        kept = folder / "settings"
        same = kept.exists() and kept.read_text() == settings
        for file in folder.iterdir():  # a killed run leaves its temporary files
            if file.name != "lock" and not (same and file.name.startswith("part-")):
                file.unlink()
        write_text(kept, settings)
        try:
            yield folder
        except BaseException:
            if not any(folder.glob("part-*")):  # nothing to go on from
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder)


def _lock(file: int, dataset: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkerError(str(dataset), "another run is making it", fix="Wait for its end, or stop it") from None
