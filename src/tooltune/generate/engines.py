"""Who makes the parts of a dataset: this process or several (`on_ray`: a cluster).

All give the same bytes; they differ in nothing but time.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from tooltune.errors import WorkerError
from tooltune.generate.parts import Engine, Job, write_part

_AHEAD = 2
"""Parts that are given out for each worker, so that none waits for the next."""
_job: Job | None = None


def engine(workers: int) -> Engine:
    """The engine for a number of processes."""
    return here if workers == 1 else lambda job, numbers: in_processes(job, numbers, workers)


def here(job: Job, numbers: Iterable[int]) -> Iterator[None]:
    """Make the parts in this process, each when it is asked for."""
    for number in numbers:
        write_part(job, number)
        yield


def in_processes(job: Job, numbers: Iterable[int], workers: int) -> Iterator[None]:
    """Make the parts in `workers` processes, started anew so that no thread or lock of this one is copied.

    Raises:
        WorkerError: a process ended, for want of memory perhaps.
    """
    context = multiprocessing.get_context("spawn")
    rest = iter(numbers)
    with ProcessPoolExecutor(workers, context, _set_job, (job,)) as pool:
        waiting: deque[Future[None]] = deque()
        try:
            while True:
                free = workers * _AHEAD - len(waiting)
                waiting.extend(pool.submit(_write, number) for number in islice(rest, free))
                if not waiting:
                    return
                yield waiting.popleft().result()
        except BrokenProcessPool:
            fix = "Run the same command again: what is finished is kept. Fewer --workers need less memory"
            raise WorkerError("--workers", "a worker process ended without an answer", fix=fix) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _set_job(job: Job) -> None:
    """Keep the job in a worker process: it is sent once, not with every part."""
    global _job
    _job = job
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A run that was killed cannot stop its workers: they would wait for parts forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _write(number: int) -> None:
    if _job is None:
        raise RuntimeError("the worker process has no job")
    write_part(_job, number)
