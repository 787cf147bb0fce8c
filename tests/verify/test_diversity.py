import pytest

from tooltune.types import Example, Message, ToolCall
from tooltune.verify import DiversityMeter


def said(text, *calls):
    return Example((Message("user", text), Message("assistant", "", tuple(calls)), Message("assistant", "Done.")))


def measure(examples):
    meter = DiversityMeter()
    for example in examples:
        meter.add(example)
    return meter.result()


def test_n_grams_are_counted_within_messages():
    found = measure([said("a b c d"), said("A b x")])
    assert found.distinct == {1: 5, 2: 4, 3: 3, 4: 1}
    assert found.distinct_share == {1: 5 / 7, 2: 4 / 5, 3: 1.0, 4: 1.0}


def test_entropy_is_averaged_over_parameters():
    calls = [ToolCall("f", {"x": i % 4, "y": {"b": 1, "a": [2]}}) for i in range(8)]
    found = measure([said("go", *calls[:5]), said("go", *calls[5:])])
    assert found.parameters == 2
    assert found.argument_entropy == pytest.approx((2 + 0) / 2)
    assert measure([said("go")]).argument_entropy == 0


def test_overlap_with_the_nearest():
    alike = [said("turn on the lamp in the hall"), said("turn on the lamp in the attic")]
    assert measure(alike).self_overlap == pytest.approx(3 / 4)
    assert measure([alike[0], said("what is two plus five")]).self_overlap == 0
    assert measure([said("hi")]).sample == 0


def test_a_dataset_twice_repeats_itself(generated):
    once, twice = measure(generated), measure([*generated, *generated])
    assert once == measure(generated)
    assert once.distinct == twice.distinct
    assert once.distinct_share[4] == pytest.approx(2 * twice.distinct_share[4])
    assert once.argument_entropy == pytest.approx(twice.argument_entropy)
    assert 0 < once.self_overlap < twice.self_overlap
    assert once.sample <= 300
    assert twice.sample <= 500
    assert set(once.to_dict()["distinct"]) == {"1", "2", "3", "4"}
