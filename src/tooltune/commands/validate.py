"""`tooltune validate`: verify a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tooltune.progress import console


def validate(
    path: Path, against: Sequence[Path] = (), report_path: Path | None = None, allow_same_tools: bool = False
) -> bool:
    """Verify a dataset as generation does, and print a table. True if all hold and none is contaminated."""
    from tooltune.example_tools import execute, is_example_tool
    from tooltune.verify import verify_file

    report = verify_file(path, against, report_path, not allow_same_tools, execute, is_example_tool)
    console.print(report.to_text(), markup=False)
    return report.accepted
