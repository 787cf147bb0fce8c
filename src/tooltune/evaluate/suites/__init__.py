"""Outside benchmarks, read as items: only for measuring, never for making data."""

from tooltune.evaluate.suites.bfcl import CATEGORIES, load_bfcl

__all__ = ["CATEGORIES", "load_bfcl"]
