"""What stands in the conversation is favoured in the string values of a call, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tooltune import Message, Tool, ToolParameter
from tooltune.chat import TextEncoder
from tooltune.evaluate.choosing import Picker
from tooltune.evaluate.constrained import Constraints
from tooltune.evaluate.copying import Copying, Vocabulary

TOKENS = ["c", "C", "ardiff", "Cardiff", " Bay", " Bat", '"', '",', "car", "x", "2", "026", "/home", "\ufffd", ""]
VOCABULARY = Vocabulary(TOKENS)


def favoured(written: str, *texts: str) -> set[str]:
    copying = Copying(texts, VOCABULARY)
    copying.accept(written)
    return {TOKENS[token] for token in copying.favoured()}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"city": "', {"C", "Cardiff", "x"}),  # where any word begins
        ('{"city": "C', {"ardiff"}),
        ('{"city": "c', {"ardiff"}),  # written with another letter
        ('{"city": "Cardiff', {" Bay", '"', '",'}),  # a word ends: the value may end, too
        ('{"city": "Cardiff Bay', {'"', '",'}),
        ('{"cities": ["x", "C', {"ardiff"}),
        ('{"at": {"city": "C', {"ardiff"}),
        ('{"city": "Cardigan', set()),  # it has left the conversation's words
        ('{"city": "ard', set()),  # in the middle of a word nothing is copied
        ('{"', set()),  # a key
        ('{"C', set()),
        ('{"city": ', set()),
        ('{"city": "Cardiff", ', set()),
        ('{"text": "say \\"C', set()),  # an escape is not followed
    ],
)
def test_what_goes_on_with_the_conversations_words(written: str, expected: set[str]) -> None:
    assert favoured(written, "Anything on in Cardiff Bay?", "x") == expected


def test_all_turns_are_looked_at_and_paths_and_numbers_are_words() -> None:
    assert favoured('{"day": "', "look at /home", "in 2026") == {"/home", "2"}
    assert favoured('{"day": "2', "look at /home", "in 2026") == {"026"}


PLACE = Tool("find", "Find", [ToolParameter("place", "Place", "string", required=True)])


@pytest.fixture(scope="module")
def encoder(byte_tokenizer: Any) -> TextEncoder:
    return TextEncoder(byte_tokenizer)


def written(encoder: TextEncoder, bonus: float, role: str = "user") -> str:
    """What a model that wants nothing in particular, a little rather a "q", writes as the value."""
    constraints = Constraints(encoder.tokenizer, copy_bonus=bonus)
    guide = constraints.guide([PLACE], [Message(role, "zebra"), Message("assistant", "wombat")])
    assert guide is not None
    (q,) = encoder.tokenizer("q", add_special_tokens=False)["input_ids"]
    for token in encoder.tokenizer('<tool_call>\nname: find\nparameters: {"place": "', add_special_tokens=False)[
        "input_ids"
    ]:
        assert guide.accept(token)
    logits = torch.zeros(len(encoder.tokenizer))
    logits[q] = 1.0
    picker, ids = Picker(guide=guide), []
    for _ in range(4):
        ids.append(picker.pick(logits))
    return encoder.decode(ids)


def test_a_bonus_above_the_models_own_wish_copies(encoder: TextEncoder) -> None:
    assert written(encoder, 2.0).startswith("ze")
    assert written(encoder, 2.0, "tool").startswith("ze")


def test_a_bonus_below_it_does_not_nor_does_what_the_assistant_said(encoder: TextEncoder) -> None:
    assert written(encoder, 0.5) == "qqqq"
    assert written(encoder, 0.0) == "qqqq"
    assert not written(encoder, 2.0, "assistant").startswith(("z", "w"))
