"""Replies that go round in a loop are cut off; replies that only look alike are not."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tooltune.evaluate import generate_replies
from tooltune.evaluate.loops import LONGEST_PERIOD, SHORTEST, is_loop


@pytest.mark.parametrize("period", [1, 2, 7, 16, 31, LONGEST_PERIOD])
def test_one_passage_over_and_over_is_a_loop(period: int) -> None:
    looping = [1000, 1001, 1002, *(i % period for i in range(5 * LONGEST_PERIOD))]
    ends = [end for end in range(len(looping)) if is_loop(looping[:end])]
    assert ends[0] - 3 - max(SHORTEST, 4 * period) in range(16)  # soon, and for good
    assert ends == list(range(ends[0], len(looping), 16))


def test_what_never_comes_again_is_none() -> None:
    assert not any(is_loop(range(end)) for end in range(400))


def test_calls_that_differ_in_their_values_are_none() -> None:
    calls = [token for call in range(8) for token in [*range(20), 500 + call]]
    assert not any(is_loop(calls[:end]) for end in range(len(calls)))


def test_a_short_list_of_zeros_is_none() -> None:
    ids = [7] * 5 + [0] * (SHORTEST - 8)
    assert not any(is_loop(ids[:end]) for end in range(len(ids)))


def test_decoding_ends_in_a_loop_and_counts_as_cut_off() -> None:
    config = LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=512,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()  # all tokens are as likely: the first one again and again
    replies = generate_replies(model, [[3, 4]], end_ids=[31], pad_id=0, max_new_tokens=300)
    assert len(replies[0].ids) == SHORTEST
    assert replies[0].truncated
