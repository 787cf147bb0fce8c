"""Makes the parts of a dataset as tasks of a Ray cluster.

Nodes need no common disk: the text of a part comes back and is written here. A task whose node is lost runs again
elsewhere, and since a part has one possible text, nothing is lost or doubled.

Not covered: the loss of the node that this process runs on; run the command again there, finished parts are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from tooltune.cluster import connected
from tooltune.errors import WorkerError
from tooltune.files import write_text
from tooltune.generate.parts import Job, part_text

_AHEAD = 2
"""Parts that are given out for each processor of the cluster."""
_RETRIES = 20
"""Times that a part may lose its node."""


def on_ray(job: Job, numbers: Iterable[int]) -> Iterator[None]:
    """Make the parts on the cluster.

    Raises:
        MissingExtraError: Ray is not installed.
        WorkerError: the cluster cannot be reached, or loses a part again and again.
    """
    ray = connected()
    task = ray.remote(max_retries=_RETRIES)(part_text)
    shared, rest = ray.put(job), iter(numbers)
    waiting: deque[tuple[int, Any]] = deque()
    while True:
        free = max(1, int(ray.cluster_resources().get("CPU", 1))) * _AHEAD - len(waiting)
        waiting.extend((number, task.remote(shared, number)) for number in islice(rest, max(0, free)))
        if not waiting:
            return
        number, reference = waiting.popleft()
        write_text(job.path(number), _result(ray, reference))
        yield


def _result(ray: Any, reference: Any) -> str:
    try:
        return str(ray.get(reference))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        fix = "Run the same command again: what is finished is kept"
        raise WorkerError("--engine ray", f"a part was lost: {error}", fix=fix) from error
