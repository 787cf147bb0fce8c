"""What an evaluation asks: a suite, a file, or the held-out part of a dataset; and the gate before it.

The gate compares the training data with the questions before any is asked. With an outside suite tools are
compared too; a dataset's own held-out part shows the same tools on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tooltune.config import EvaluateCommandConfig
from tooltune.dataset import load_dataset, load_split
from tooltune.errors import ConfigError, DataError
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.conversations import Conversation, conversations_of
from tooltune.evaluate.items import Item, items_of
from tooltune.evaluate.plays import AnyConversation
from tooltune.evaluate.suites import MULTI_TURN, load_bfcl, load_multi_turn
from tooltune.types import Example, Message, Tool
from tooltune.verify import ContaminationReport, Gate, without_contamination
from tooltune.verify.held_out import HeldOut, ToolShape
from tooltune.verify.words import user_texts

Asked = TypeVar("Asked", Item, Conversation, AnyConversation)
_SHUFFLE = "tooltune"
"""Seed of the shuffle that --limit takes the first of: another one would be another sample."""


@dataclass(frozen=True)
class Chosen:
    """The items to ask, and where they come from."""

    items: tuple[Item, ...]
    source: str
    outside: bool = False
    """From a suite, whose tools the training data should not know."""
    conversations: tuple[AnyConversation, ...] = ()
    """What is held as a whole and judged by the state it ends in, if that is wanted."""


def choose(config: EvaluateCommandConfig) -> Chosen:
    """The items that the settings name.

    Raises:
        ConfigError: an unknown suite, or one of its categories.
        DataError: a file that cannot be read.
    """
    conversations: Sequence[AnyConversation]
    if config.suite:
        items, conversations = _suite(config.suite, config.suite_folder)
        source = f"suite {config.suite}"
    else:
        examples, source = _examples(config)
        items, conversations = items_of(examples), conversations_of(examples) if config.by_state else []
    if config.limit:
        items, conversations = limited(items, config.limit), limited(conversations, config.limit)
        source = f"{source}, {config.limit} of each category"
    return Chosen(tuple(items), source, bool(config.suite), tuple(conversations))


def _examples(config: EvaluateCommandConfig) -> tuple[list[Example], str]:
    """The examples that are asked, and where they come from.

    Raises:
        DataError: a file cannot be read, or holds no conversation to judge by state where that is wanted.
    """
    if config.data:
        examples, source = load_dataset(config.data), str(config.data)
    else:
        held_out = load_split(config.data_path, config.held_out_share).held_out
        examples, source = held_out, f"held-out part of {config.data_path}"
    if config.by_state and not conversations_of(examples):
        found = f"none of {len(examples)} conversations has a call and a further turn, a further call or an error"
        raise DataError(source, found, "a conversation to judge by state", "Leave out --by_state.")
    return examples, source


def _suite(suite: str, folder: Path | None) -> tuple[list[Item], list[BfclConversation]]:
    """The items of the categories that are named, and the conversations of those of several turns."""
    name, _, categories = suite.partition(":")
    if name != "bfcl":
        raise ConfigError("--suite", repr(name), "bfcl, or some of its categories as in bfcl:simple_python,irrelevance")
    named = [category.strip() for category in categories.split(",") if category.strip()]
    single = [category for category in named if category not in MULTI_TURN]
    items = load_bfcl(single, folder) if single or not named else []
    return items, load_multi_turn([category for category in named if category in MULTI_TURN], folder)


def limited(items: Sequence[Asked], limit: int) -> list[Asked]:
    """Of each category, the first `limit` of a fixed shuffle, in the order of the items."""
    kept: set[str] = set()
    for scenario in {item.scenario: None for item in items}:
        names = [item.id for item in items if item.scenario == scenario]
        random.Random(_SHUFFLE).shuffle(names)
        kept |= set(names[:limit])
    return [item for item in items if item.id in kept]


@dataclass(frozen=True)
class GateResult:
    """What the gate found in some training data."""

    training_data: str
    examples: int
    report: ContaminationReport

    def to_dict(self) -> dict[str, Any]:
        return {
            "training_data": self.training_data,
            "training_examples": self.examples,
            "questions": self.report.questions,
            "tools": self.report.tools,
            "contaminated": len(self.report.examples),
            "counts": dict(self.report.counts()),
        }

    def to_text(self) -> str:
        """One line: what was compared, and what was found."""
        report = self.report
        kinds = ", ".join(f"{kind} {count}" for kind, count in report.counts().items())
        return (
            f"Contamination gate: {len(report.examples)} of {self.examples:,} training examples share something with "
            f"{report.questions:,} questions and {report.tools:,} tools{f' ({kinds})' if kinds else ''}"
        )


def check_contamination(chosen: Chosen, examples: Sequence[Example], source: str, strict: bool) -> GateResult:
    """Compare training data with the questions.

    Args:
        chosen: the questions.
        examples: what was, or will be, trained on.
        source: where they come from.
        strict: refuse to go on if anything is shared.

    Raises:
        DataError: something is shared, and `strict` is set.
    """
    report = ContaminationReport()
    for _ in without_contamination(examples, Gate(_entries(chosen), compare_tools=chosen.outside), report):
        pass
    result = GateResult(source, len(examples), report)
    if strict and report.examples:
        fix = "Train without these examples (tooltune validate --against shows them), or leave out --strict."
        raise DataError(source, result.to_text(), "no training example that shares anything", fix)
    return result


def _entries(chosen: Chosen) -> Iterator[HeldOut]:
    """What is asked; a dataset's conversations say nothing that its items do not."""
    for item in chosen.items:
        yield _entry(item.id, item.messages, item.tools)
    for held in chosen.conversations if chosen.outside else ():
        yield _entry(held.id, [message for turn in held.turns for message in turn.said], held.tools)


def _entry(identity: str, messages: Sequence[Message], tools: Sequence[Tool]) -> HeldOut:
    texts = user_texts(Example(tuple(messages), tuple(tools)))
    return HeldOut(identity, tuple(texts), tuple(ToolShape.of(tool) for tool in tools))
