"""`tooltune report`: write report.md and report.html again."""

from __future__ import annotations

from pathlib import Path

from tooltune.progress import console


def report(folder: Path) -> None:
    """Write what people read from the report.json in `folder`; needs no model."""
    from tooltune.report import rewrite_report

    rewrite_report(folder)
    console.print(f"Report: {folder / 'report.md'}, {folder / 'report.html'}")
