"""What is printed while something runs: the console, and the progress bar that every long stage shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tooltune.files import first_process

console = Console(highlight=False, soft_wrap=True, quiet=not first_process())


def progress_bar() -> Progress:
    """The bar that training and evaluation share: name, bar, count, times, a note."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )


@contextmanager
def progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; what it yields is called with (done, all)."""
    with progress_bar() as bar:
        task = bar.add_task(name, total=None, note="")
        yield lambda done, total: bar.update(task, completed=done, total=total)
