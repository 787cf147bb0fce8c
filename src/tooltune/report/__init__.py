"""From evaluations to what people read: report.json, report.md, report.html, a table, a loss curve."""

from tooltune.report.curve import plot_loss
from tooltune.report.rewrite import rewrite_report
from tooltune.report.terminal import print_by_state, print_table
from tooltune.report.write import write_report

__all__ = ["plot_loss", "print_by_state", "print_table", "rewrite_report", "write_report"]
