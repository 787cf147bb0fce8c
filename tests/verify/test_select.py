from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooltune.errors import ConfigError
from tooltune.types import Example, Message, ToolCall
from tooltune.verify import DiversityMeter, select_balanced


def said(text, value=None, **metadata):
    calls = () if value is None else (ToolCall("f", {"x": value}),)
    return Example((Message("user", text), Message("assistant", "Done.", calls)), (), metadata)


def measure(examples):
    meter = DiversityMeter()
    for example in examples:
        meter.add(example)
    return meter.result()


def test_a_choice_is_more_varied_than_the_first_or_every_third(generated):
    chosen = select_balanced(generated, 100)
    assert len(chosen) == 100
    assert chosen == [example for example in generated if example in chosen]
    found = measure(chosen)
    for other in (generated[:100], generated[::3]):
        assert found.distinct_share[3] > measure(other).distinct_share[3]
        assert found.self_overlap < measure(other).self_overlap


def test_scenarios_keep_their_share(generated):
    before = Counter(example.metadata["scenario"] for example in generated)
    after = Counter(example.metadata["scenario"] for example in select_balanced(generated, 60))
    for scenario, count in before.items():
        assert abs(after[scenario] - count / 5) < 2, scenario


def test_no_family_exceeds_its_share(generated):
    def most_frequent(examples):
        return max(Counter(f for example in examples for f in set(example.metadata["families"])).values())

    assert most_frequent(generated) > 3
    assert most_frequent(select_balanced(generated, 100)) > 1
    assert most_frequent(select_balanced(generated, 100, max_family_share=0.01)) == 1


def test_without_families_the_opening_is_the_family(generated):
    foreign = [replace(example, metadata={}) for example in generated]
    chosen = select_balanced(foreign, 100, max_family_share=0.02)
    openings = Counter(
        " ".join(next(m.content for m in e.messages if m.role == "user").lower().split()[:3]) for e in chosen
    )
    assert max(openings.values()) <= 2


def test_too_few_families_give_fewer_examples():
    same = [said(f"please do this {word}") for word in "abcdefghij"]
    assert len(select_balanced(same, 10, max_family_share=0.3)) == 3
    assert len(select_balanced(same, 10, max_family_share=1)) == 10


def test_new_words_and_rare_arguments_come_first():
    examples = [said("play the song", 1, families=["a"]), said("play the song", 1, families=["b"]),
                said("play the song", 2, families=["c"]), said("what time is it", 1, families=["d"])]  # fmt: skip
    assert select_balanced(examples, 3, 1) == [examples[0], examples[2], examples[3]]


TEXTS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(" ".join)
ROWS = st.tuples(TEXTS, st.none() | st.integers(0, 2), st.sampled_from(["", "one", "two"]))


def value(example, chosen):
    """News of an example, worked out afresh."""

    def parts(e):
        text = tuple(e.messages[0].content.split())
        return {text[i : i + n] for n in (1, 2, 3, 4) for i in range(len(text) - n + 1)}

    def key(e):
        return e.metadata["scenario"] if not e.messages[1].tool_calls else e.messages[1].tool_calls[0].arguments["x"]

    seen = set().union(*map(parts, chosen)) if chosen else set()
    times = sum(key(other) == key(example) for other in chosen)
    return len(parts(example) - seen) / len(parts(example)) + 1 / (1 + times)


@given(st.lists(ROWS, min_size=1, max_size=12))
def test_being_lazy_changes_nothing(rows):
    """The lazy choice is the plain greedy one: each time the first of the best of all."""
    examples = [said(text, number, scenario="s", families=[str(i)]) for i, (text, number, _) in enumerate(rows)]
    count = (len(examples) + 1) // 2
    chosen: list[Example] = []
    for _ in range(count):
        rest = [example for example in examples if example not in chosen]
        chosen.append(max(rest, key=lambda example: value(example, chosen)))
    assert select_balanced(examples, count, 1) == [example for example in examples if example in chosen]


@given(st.lists(ROWS, min_size=1, max_size=12), st.data())
def test_all_scenarios_together_make_up_the_count(rows, data):
    examples = [said(text, number, scenario=name, families=[str(i)]) for i, (text, number, name) in enumerate(rows)]
    count = data.draw(st.integers(1, len(examples)))
    assert len(select_balanced(examples, count, 1)) == count


@pytest.mark.parametrize(("count", "share"), [(0, 0.5), (3, 0.5), (1, 0), (1, 1.5)])
def test_numbers_out_of_range(count, share):
    with pytest.raises(ConfigError):
        select_balanced([said("a"), said("b")], count, share)
