"""What the assistant asks about an example tool's missing argument counts as asking for it."""

from __future__ import annotations

import pytest

from tooltune.evaluate.questions import asks_for
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate.phrasing import phrasing_for
from tooltune.types import Tool, ToolParameter

QUESTIONS = [
    (tool, name, question)
    for tool in EXAMPLE_TOOLS
    for name, questions in phrasing_for(tool).ask.items()
    for question in questions
]


@pytest.mark.parametrize(("tool", "name", "question"), QUESTIONS)
def test_a_question_of_the_data_asks_for_its_parameter(tool, name, question) -> None:  # type: ignore[no-untyped-def]
    assert asks_for(f"Happy to help. {question}", name, [tool])


P = ToolParameter
USERNAME = {"Which username do you mean?", "Which username should I use?"}


@pytest.mark.parametrize(
    ("description", "parameter", "expected"),
    [
        ("Delete a secret", P("secret_name", required=True), {"Which secret do you mean?"}),
        ("Add a collaborator", P("username", required=True), USERNAME),
        ("Set the retention", P("days", type="integer", required=True), {"How many days should it be?"}),
        ("Get a commit", P("commit_sha", required=True), {"Which commit do you mean?", "Which commit should I use?"}),
        ("Delete an SSH key", P("ssh_key_id", type="integer", required=True), {"Which SSH key do you mean?"}),
    ],
)
def test_a_question_is_one_that_a_person_would_ask(description, parameter, expected) -> None:  # type: ignore[no-untyped-def]
    assert set(phrasing_for(Tool("do_it", description, [parameter])).ask[parameter.name]) == expected


def test_what_is_left_out_leaves_a_whole_request() -> None:
    where = [P("org", required=True), P("secret_name", required=True), P("repository_id", "", "integer", required=True)]
    tool = Tool("remove_it", "Remove selected repository from an organization secret", where)
    said = [str(frame.template) for frame in phrasing_for(tool).missing.train]
    assert any("from" in text and "secret" in text for text in said)
    assert not any("from {org}" in text for text in said)
    assert not any("a selected" in text for text in said)
