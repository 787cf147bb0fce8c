"""Outside benchmarks, read as items: only for measuring, never for making data."""

from tooltune.evaluate.suites.bfcl import CATEGORIES, MULTI_TURN, load_bfcl
from tooltune.evaluate.suites.bfcl_multi_turn import load_multi_turn
from tooltune.evaluate.suites.bfcl_results import write_bfcl_conversations, write_bfcl_results

__all__ = ["CATEGORIES", "MULTI_TURN", "load_bfcl", "load_multi_turn", "write_bfcl_conversations", "write_bfcl_results"]
