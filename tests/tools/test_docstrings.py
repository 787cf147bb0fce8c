"""What docstrings of the three styles say of parameters."""

from __future__ import annotations

import pytest

from tooltune.tools.docstrings import parse_docstring

GOOGLE = """Find flights between two cities.

    The cheapest first.

    Args:
        origin (str): Where it starts,
            as an airport code.
        day (date, optional): The day.
        *rest: More.
        note: Colons: are fine.

    Returns:
        list: the flights.
    """
NUMPY = """Find flights between
    two cities.

    Parameters
    ----------
    origin : str
        Where it starts,
        as an airport code.
    day : date, optional
        The day.
    note
        Colons: are fine.
    low, high : int
        A bound.

    Returns
    -------
    flights : list
        The flights.
    """
REST = """Find flights between two cities.

    :param str origin: Where it starts,
        as an airport code.
    :param day: The day.
    :type day: date, optional
    :param note: Colons: are fine.
    :return: the flights
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, REST])
def test_every_style(text: str) -> None:
    doc = parse_docstring(text)
    assert doc.summary == "Find flights between two cities."
    assert doc.descriptions["origin"] == "Where it starts, as an airport code."
    assert doc.descriptions["day"] == "The day."
    assert doc.descriptions["note"] == "Colons: are fine."
    assert doc.types["origin"] == "str"
    assert doc.types["day"] == "date"
    assert "flights" not in doc.descriptions
    assert "list" not in doc.descriptions


def test_several_names_share_a_description() -> None:
    doc = parse_docstring(NUMPY)
    assert doc.descriptions["low"] == doc.descriptions["high"] == "A bound."


@pytest.mark.parametrize(
    "text", [None, "", "\n", "Args:", "Args:\n\n", "Parameters\n---", ":param", ":param x", "----\n----"]
)
def test_docstrings_that_say_nothing(text: str | None) -> None:
    assert parse_docstring(text).descriptions == {}


def test_a_section_ends_the_summary() -> None:
    assert parse_docstring("Do it.\nArgs:\n  x: X").summary == "Do it."
    assert parse_docstring("Do it.\n:param x: X").summary == "Do it."
    assert parse_docstring("Args:\n  x: X").summary == ""


def test_a_type_in_brackets_counts_where_no_other_is_given():
    doc = parse_docstring(
        """Format a byte count.

        :param num_bytes: The size to format in bytes (an integer).
        :param binary: :data:`True` to use binary multiples (a boolean, defaults to :data:`False`).
        :param name: A name (as users know it).
        """
    )
    assert doc.types == {"num_bytes": "int", "binary": "bool"}
    assert doc.descriptions["binary"] == "True to use binary multiples (a boolean, defaults to False)."
