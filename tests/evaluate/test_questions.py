import pytest

from tooltune.evaluate.questions import asks_for
from tooltune.types import Tool, ToolParameter

TOOLS = [
    Tool(
        "book",
        "Book",
        [
            ToolParameter("departureDate", "Day of travel", required=True),
            ToolParameter("to", "E-mail address of the recipient", required=True),
        ],
    )
]


@pytest.mark.parametrize(
    "text",
    [
        "Sure. What date should I book?",
        "Which dates suit you?",
        "I still need the date. Could you tell me?",
        "When do you depart?",
        "I can do that! Could you tell me on which DAY, e.g. Monday?",
        "Could you tell me:\n- the day\n- the seat?",
        "On which day are you travelling? Thanks.",
    ],
)
def test_a_question_with_a_word_of_name_or_description(text):
    assert asks_for(text, "departureDate", TOOLS)


@pytest.mark.parametrize(
    "text",
    [
        "What else?",
        "Please tell me the date.",
        "Booked for that date. Anything else?",
        "",
        "What would you like of it?",
    ],
)
def test_no_question_that_names_it(text):
    assert not asks_for(text, "departureDate", TOOLS)


def test_stop_words_are_not_enough():
    assert asks_for("What is the recipient's address?", "to", TOOLS)
    assert not asks_for("What do you want to do?", "to", TOOLS)


def test_a_parameter_of_no_tool_is_known_by_its_name():
    assert asks_for("Which colour?", "colour_name", [])


@pytest.mark.parametrize(
    ("text", "parameter"),
    [("When would you like to leave?", "departureDate"), ("To whom? Who should get it?", "to")],
)
def test_a_question_word_can_stand_for_the_thing(text, parameter):
    assert asks_for(text, parameter, TOOLS)


def test_a_question_like_the_reference_counts():
    reference = "Sure. What would you like to write?"
    assert asks_for("What shall I write?", "body", [], reference)
    assert asks_for(reference, "body", [], reference)
    assert not asks_for("What would you like to do?", "body", [], reference)
    assert not asks_for("What shall I write?", "body", [])
