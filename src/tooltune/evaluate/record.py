"""What an evaluation asked and of which models: with the outputs, all that rescoring needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tooltune.chat.native import parse_native
from tooltune.chat.parse import Reply, parse_reply
from tooltune.errors import DataError
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.by_state import StateEvaluation, evaluate_by_state
from tooltune.evaluate.conversations import Conversation
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import OUTPUTS, Finished, Output, OutputLog, Replies, prompt_hash
from tooltune.evaluate.plays import AnyConversation
from tooltune.evaluate.results import Evaluation
from tooltune.files import STRICT_JSON, reading, write_json

RECORD = "evaluation.json"
PARSERS: Mapping[str, Callable[[str], Reply]] = {"documented": parse_reply, "native": parse_native}
_AGAIN = "Run the same tooltune evaluate again; it goes on."
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
    conversations: tuple[AnyConversation, ...] = ()
    """What was held as a whole."""

    def write(self, folder: Path) -> None:
        """Write it into the output folder."""
        items, models = [item.to_dict() for item in self.items], [vars(model) for model in self.models]
        held = [conversation.to_dict() for conversation in self.conversations]
        data = {"facts": dict(self.facts), "models": models, "items": items, "conversations": held}
        write_json(folder / RECORD, data)

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
            held = tuple(map(_conversation, data.get("conversations", ())))
            return cls(tuple(map(Item.from_dict, data["items"])), models, data["facts"], held)
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(str(path), f"not a record of an evaluation ({error})", fix=_FIX) from None

    def evaluations(self, folder: Path) -> list[Evaluation]:
        """The evaluation of each model, from the outputs in the folder; none where only conversations were held.

        Raises:
            DataError: the evaluation has not finished.
        """
        return [self._evaluation(folder, model) for model in self.models] if self.items else []

    def _evaluation(self, folder: Path, model: Asked) -> Evaluation:
        log = OutputLog(folder / OUTPUTS, model.label, model.hash)
        outputs = [output for item in self.items if (output := log.last(item.id))]
        if len(outputs) < len(self.items):
            found = f"{len(outputs)} of {len(self.items)} replies of {model.label!r}"
            raise DataError(str(log.path), found, "all of them", _AGAIN)
        return Evaluation.of(model.label, self.items, outputs, PARSERS[model.chat_format])

    def by_state(self, folder: Path) -> list[StateEvaluation]:
        """How the conversations of each model went, from the outputs in the folder; of several samples, of the first.

        Raises:
            DataError: the evaluation has not finished.
        """
        first = {model.label: model for model in reversed(self.models)}
        models = [first[label] for label in dict.fromkeys(model.label for model in self.models)]
        return [self._held(folder, model) for model in models] if self.conversations else []

    def _held(self, folder: Path, model: Asked) -> StateEvaluation:
        replies = logged(OutputLog(folder / OUTPUTS, model.label, model.hash))
        parse = PARSERS[model.chat_format]
        return evaluate_by_state(replies, self.conversations, label=model.label, parse=parse)


def _conversation(data: Mapping[str, Any]) -> AnyConversation:
    """One of a dataset holds its example; one of BFCL its category, and what that needs."""
    return Conversation.from_dict(data) if "example" in data else BfclConversation.from_dict(data)


def logged(log: OutputLog) -> Replies:
    """A source that knows only what the log holds.

    Raises:
        DataError: it does not hold a reply; that comes when it is asked.
    """

    def replies(items: Sequence[Item], finished: Finished) -> None:
        for place, item in enumerate(items):
            finished(place, _known(log, item))

    return replies


def _known(log: OutputLog, item: Item) -> Output:
    """The reply to the very prompt, else the newest: solved examples before it may have changed the prompt."""
    output = log.find(item.id, prompt_hash(item)) or log.last(item.id)
    if output is None:
        raise DataError(str(log.path), f"no reply of {log.label!r} to {item.id}", "all of them", _AGAIN)
    return output
