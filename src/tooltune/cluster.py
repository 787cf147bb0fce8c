"""The Ray cluster of `--engine ray`: the one that RAY_ADDRESS names, one that runs on this machine, or a new one here.

tooltune has to be installed on every node. A cluster that is started here has no dashboard and reports no usage.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from tooltune.errors import WorkerError, missing_extra


def connected(show_output: bool = False) -> Any:
    """The module `ray`, connected.

    Args:
        show_output: print here what the cluster's processes print.

    Raises:
        MissingExtraError: Ray is not installed.
        WorkerError: the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        missing_extra("ray", "ray", error)
    if not ray.is_initialized():
        try:
            quiet = ray.LoggingConfig(log_level="CRITICAL")
            ray.init(
                log_to_driver=show_output, logging_level=logging.ERROR, logging_config=quiet, include_dashboard=False
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise WorkerError("--engine ray", f"no cluster: {error}", fix="Check RAY_ADDRESS, or unset it") from error
    return ray
