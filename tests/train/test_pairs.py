"""Preference pairs: the right reply is right, the other wrong, and their tokens are the encoder's."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from tooltune import EXAMPLE_TOOLS, Example, Message, Tool, ToolCall
from tooltune.chat import TextEncoder
from tooltune.config import DataConfig
from tooltune.dataset import stream_examples
from tooltune.evaluate import items_of, score
from tooltune.train.pairs import KINDS, encode_pairs, is_right, make_pairs


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return list(islice(stream_examples(DataConfig(num_examples=300, renamed_share=0.2), EXAMPLE_TOOLS, 3), 250))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_rejected_reply_is_wrong_and_every_chosen_one_right(examples: list[Example], seed: int) -> None:
    pairs, report = make_pairs(examples, seed)
    counts = report.to_dict()
    assert all(is_right(pair.item, pair.chosen) and not is_right(pair.item, pair.rejected) for pair in pairs)
    assert counts["decisions"] == len(items_of(examples))
    assert counts["decisions"] == counts["pairs"] + counts["chosen_wrong"] + counts["without_rejected"]
    assert counts["pairs"] > 0.95 * counts["decisions"]
    assert all(counts[kind] > 0 for kind in KINDS)


def test_what_each_kind_is(examples: list[Example]) -> None:
    for pair in make_pairs(examples, 0)[0]:
        names, expected = ([call.name for call in calls] for calls in (pair.rejected.tool_calls, pair.item.calls))
        if pair.kind == "talked":
            assert expected
            assert not names
        elif pair.kind == "called":
            assert names
            assert not expected
        elif pair.kind == "wrong_tool":
            assert sum(a != b for a, b in zip(names, expected, strict=True)) == 1
        elif pair.kind == "wrong_value":
            assert names == expected
        elif pair.item.outcome == "ask":
            assert set(pair.item.missing) <= set(pair.rejected.tool_calls[0].arguments)
        else:
            assert sum(len(call.arguments) for call in pair.rejected.tool_calls) == 1 + sum(
                len(call.arguments) for call in pair.item.calls
            )
        assert set(names) <= {tool.name for tool in pair.item.tools}


def test_equal_seeds_make_equal_pairs(examples: list[Example]) -> None:
    assert make_pairs(examples, 5)[0] == make_pairs(examples, 5)[0]
    assert make_pairs(examples, 5)[0] != make_pairs(examples, 6)[0]


def test_tokens_are_those_of_the_encoder(examples: list[Example], byte_tokenizer: Any) -> None:
    encoder = TextEncoder(byte_tokenizer)
    pairs, report = make_pairs(examples[:40], 0)
    rows = encode_pairs(pairs, encoder, 100_000, report)
    assert len(rows) == len(pairs)
    for pair, row in zip(pairs, rows, strict=True):
        messages, tools = pair.item.messages, pair.item.tools
        assert row["prompt_ids"] == encoder.encode_prompt(messages, tools)
        for key, reply in (("chosen_ids", pair.chosen), ("rejected_ids", pair.rejected)):
            assert row["prompt_ids"] + row[key] == encoder.encode([*messages, reply], tools).input_ids
            assert row[key][-1] == encoder.eos_id
            read = encoder.parse(encoder.decode(row[key]))
            assert (score(pair.item, read).failure is None) == (key == "chosen_ids")


def test_what_is_too_long_is_counted(examples: list[Example], byte_tokenizer: Any) -> None:
    encoder = TextEncoder(byte_tokenizer)
    pairs, report = make_pairs(examples[:40], 0)
    longest = sorted(len(encoder.encode_prompt(p.item.messages, p.item.tools)) for p in pairs)[len(pairs) // 2]
    rows = encode_pairs(pairs, encoder, longest, report)
    assert 0 < len(rows) < len(pairs)
    assert (report.to_dict()["pairs"], report.too_long) == (len(rows), len(pairs) - len(rows))


def test_a_decision_that_the_scorer_does_not_accept_is_left_out(tools: list[Tool]) -> None:
    asks = (Message("user", "Set an alarm."), Message("assistant", "Done."))
    call = (Message("user", "Hi"), Message("assistant", "", (ToolCall("set_alarm", {"time": "07:00"}),)))
    about = {"scenario": "missing_argument", "missing": ["time"]}
    _, report = make_pairs([Example(asks, tuple(tools), about), Example(call, tuple(tools))], 0)
    assert (report.chosen_wrong, report.kinds.total()) == (1, 1)
