"""What the assistant asks about an example tool's missing argument counts as asking for it."""

from __future__ import annotations

import pytest

from tooltune.evaluate.questions import asks_for
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate.phrasing import phrasing_for

QUESTIONS = [
    (tool, name, question)
    for tool in EXAMPLE_TOOLS
    for name, questions in phrasing_for(tool).ask.items()
    for question in questions
]


@pytest.mark.parametrize(("tool", "name", "question"), QUESTIONS)
def test_a_question_of_the_data_asks_for_its_parameter(tool, name, question) -> None:  # type: ignore[no-untyped-def]
    assert asks_for(f"Happy to help. {question}", name, [tool])
