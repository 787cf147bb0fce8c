import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tooltune.types import Example, Message, ToolCall
from tooltune.verify import DuplicateIndex, DuplicateReport, without_near_duplicates

LONG = "Please book a table for four people at the Golden Lantern in Lisbon on the third of May at eight"


def said(text, *calls):
    return Example((Message("user", text), Message("assistant", "Done.", tuple(ToolCall(name) for name in calls))))


def with_text(example, change):
    return replace(
        example,
        messages=tuple(replace(m, content=change(m.content)) if m.role == "user" else m for m in example.messages),
    )


def test_planted_duplicates_are_found_and_the_first_is_kept(generated):
    clean = list(without_near_duplicates(generated))
    long = [e for e in clean if sum(len(m.content.split()) for m in e.messages if m.role == "user") > 15][:20]
    planted = [with_text(example, lambda text: f"{text.upper()} Please!") for example in long]
    report = DuplicateReport()
    assert list(without_near_duplicates([*clean, *planted], report)) == clean
    assert [(pair.example - 1, pair.first - 1) for pair in report.pairs] == [
        (len(clean) + i, clean.index(example)) for i, example in enumerate(long)
    ]
    assert report.examples == len(clean) + 20
    assert all(pair.similarity >= 0.7 for pair in report.pairs)
    assert report.share == pytest.approx(20 / report.examples)


def test_the_most_similar_earlier_example_is_named():
    index = DuplicateIndex(threshold=0.3)
    assert index.add(1, said("Show me the cheapest flight from Oslo to Rome on Monday")) is None
    assert index.add(2, said(LONG)) is None
    found = index.add(3, said(f"{LONG} o'clock"))
    assert found is not None
    assert (found.first, found.example) == (2, 3)
    assert found.to_dict() == {"example": 3, "first": 2, "similarity": 0.947}  # 18 of 19 shingles


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (said(LONG, "book"), said(LONG, "cancel")),  # what the same words lead to
        (said(LONG, "book"), said(LONG)),
        (said("Hi"), said("Hello")),
        (said("?"), said("!")),  # no words at all
    ],
)
def test_no_near_duplicates(first, second):
    assert list(without_near_duplicates([first, second])) == [first, second]


def test_short_texts_are_compared_as_a_whole():
    report = DuplicateReport()
    assert len(list(without_near_duplicates([said("Good morning"), said("good morning!")], report))) == 1
    assert report.to_dict()["pairs"] == [{"example": 2, "first": 1, "similarity": 1.0}]


CODE = """
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import generate_examples
from tooltune.verify import DuplicateReport, select_balanced, without_near_duplicates
report = DuplicateReport()
kept = list(without_near_duplicates(generate_examples(EXAMPLE_TOOLS, 400, 3), report))
print(report.pairs, [example.messages[0].content for example in select_balanced(kept, 50)])
"""


def test_every_process_finds_and_chooses_the_same():
    outputs = set()
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert "NearDuplicate" in outputs.pop()
