"""What an evaluation asked and of which models: with the outputs, all that rescoring needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tooltune.chat.native import parse_native
from tooltune.chat.parse import Reply, parse_reply
from tooltune.errors import DataError
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import OUTPUTS, OutputLog
from tooltune.evaluate.results import Evaluation
from tooltune.files import STRICT_JSON, reading, write_json

RECORD = "evaluation.json"
PARSERS: Mapping[str, Callable[[str], Reply]] = {"documented": parse_reply, "native": parse_native}
_FIX = "Give the output folder of tooltune evaluate"


@dataclass(frozen=True)
class Asked:
    """One model of an evaluation."""

    label: str
    """`base`, `tuned`, or another name for reports; several samples of one have the same."""
    hash: str
    chat_format: str


@dataclass(frozen=True)
class Record:
    """The items, the models, and the facts that the report states."""

    items: tuple[Item, ...]
    models: tuple[Asked, ...]
    facts: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Write it into the output folder."""
        items, models = [item.to_dict() for item in self.items], [vars(model) for model in self.models]
        write_json(folder / RECORD, {"facts": dict(self.facts), "models": models, "items": items})

    @classmethod
    def read(cls, folder: Path) -> Record:
        """The record in an output folder.

        Raises:
            DataError: there is none, or it is not one.
        """
        path = folder / RECORD
        with reading(str(path), "a file", _FIX):
            text = path.read_text(encoding="utf-8")
        try:
            data = STRICT_JSON.decode(text)
            models = tuple(Asked(**model) for model in data["models"])
            return cls(tuple(map(Item.from_dict, data["items"])), models, data["facts"])
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(str(path), f"not a record of an evaluation ({error})", fix=_FIX) from None

    def evaluations(self, folder: Path) -> list[Evaluation]:
        """The evaluation of each model, from the outputs in the folder.

        Raises:
            DataError: the evaluation has not finished.
        """
        return [self._evaluation(folder, model) for model in self.models]

    def _evaluation(self, folder: Path, model: Asked) -> Evaluation:
        log = OutputLog(folder / OUTPUTS, model.label, model.hash)
        outputs = [output for item in self.items if (output := log.last(item.id))]
        if len(outputs) < len(self.items):
            found = f"{len(outputs)} of {len(self.items)} replies of {model.label!r}"
            raise DataError(str(log.path), found, "all of them", "Run the same tooltune evaluate again; it goes on.")
        return Evaluation.of(model.label, self.items, outputs, PARSERS[model.chat_format])
