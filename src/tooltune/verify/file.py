"""Verifies a dataset's file against files of held-out questions, and writes what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tooltune.errors import ConfigError
from tooltune.files import writable_folder, write_json
from tooltune.formats.documented import dataset_hash, read_examples
from tooltune.types import Tool
from tooltune.verify.contamination import Gate
from tooltune.verify.dataset import VerificationReport, verify_dataset
from tooltune.verify.examples import Executor


def verify_file(
    path: Path,
    against: Sequence[Path] = (),
    report_path: Path | None = None,
    compare_tools: bool = True,
    execute: Executor | None = None,
    replays: Callable[[Tool], bool] = lambda tool: True,
) -> VerificationReport:
    """Verify a dataset's file, see `verify_dataset`.

    Args:
        path: the dataset, documented format.
        against: files of held-out questions or tools that it must not contain, see `held_out`.
        report_path: where to write the report as JSON.
        compare_tools: whether the tools of `against` count too.
        execute: runs a call, to replay the recorded results.
        replays: whether `execute` knows a tool.

    Raises:
        DataError: a file cannot be read.
        ConfigError: the report would replace a file that is read.
        OutputError: the report cannot be written.
    """
    if report_path is not None:
        _check_report_path(report_path, (path, *against))
    gate = Gate.read(against, compare_tools) if against else None
    report = verify_dataset(read_examples(path), execute, replays, gate)
    if report_path is not None:
        files = {"file": str(path), "sha256": dataset_hash(path), "against": [str(file) for file in against]}
        write_json(report_path, files | report.to_dict())
    return report


def _check_report_path(path: Path, read: Sequence[Path]) -> None:
    """Find out before the work whether the report can be written."""
    if path.resolve() in {file.resolve() for file in read}:
        raise ConfigError("--report", f"{path}, a file that is read", "a file of its own")
    writable_folder(path.parent, "a folder for the report")
