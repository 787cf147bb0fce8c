"""Outside benchmarks, read as items: only for measuring, never for making data."""

from tooltune.evaluate.suites.bfcl import CATEGORIES, load_bfcl
from tooltune.evaluate.suites.bfcl_results import write_bfcl_results

__all__ = ["CATEGORIES", "load_bfcl", "write_bfcl_results"]
