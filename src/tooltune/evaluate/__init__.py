"""What a model gets right: scored decisions, exact statistics, fast decoding.

`items` turns held-out examples into decisions, `scorers` judges one reply, `statistics` says how
sure a number is, `results` keeps and counts, and `run` asks a source of replies (`outputs`): `local`, which decodes
with a model through `inference`, or an `endpoint`. What needs torch is imported when its name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tooltune.evaluate.items import Item, items_of
from tooltune.evaluate.outputs import Output, Replies
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.run import evaluate_model
from tooltune.evaluate.scorers import Score, score

if TYPE_CHECKING:
    from tooltune.evaluate.inference import Generation, generate_replies
    from tooltune.evaluate.local import local_replies

__all__ = [
    "Evaluation",
    "Generation",
    "Item",
    "ItemResult",
    "Output",
    "Replies",
    "Score",
    "evaluate_model",
    "generate_replies",
    "items_of",
    "local_replies",
    "score",
]

_NEEDS_TORCH = {"Generation": "inference", "generate_replies": "inference", "local_replies": "local"}


def __getattr__(name: str) -> Any:
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NEEDS_TORCH[name]}"), name)
