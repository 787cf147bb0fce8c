from random import Random

import pytest

from tooltune.generate.templates import fill, parse_template


def said(text, says, allowed=None, seed=0):
    template = parse_template(text)
    return fill(template.select(Random(seed), 0.0, frozenset(allowed or ())), says)


def test_gaps_options_and_choices():
    text = "<In|At> {city}[ on {date}]?"
    assert said(text, {"city": "Oslo"}) in ("In Oslo?", "At Oslo?")
    assert said(text, {"city": "Oslo", "date": "Monday"}, ["date"]).endswith(" Oslo on Monday?")


def test_a_fixed_gap_prints_nothing():
    template = parse_template("Turn it off{state=off}, it's urgent{urgent=true}")
    assert [gap.fixed for gap in template.required()] == ["off", True]
    assert said("Turn it off{state=off}.", {}) == "Turn it off."


def test_the_article_fits_the_value():
    assert said("Find a {x} place", {"x": "Italian"}) == "Find an Italian place"
    assert said("Find an {x} place", {"x": "Thai"}) == "Find a Thai place"
    assert said("Make a {x} call", {"x": "European"}) == "Make a European call"


def test_one_of_a_unit_is_no_plural():
    assert said("For {x} weeks and {y} days", {"x": "1", "y": "21"}) == "For 1 week and 21 days"
    assert said("Block {x} weekstart", {"x": "1"}) == "Block 1 weekstart"


@pytest.mark.parametrize("text", ["[a", "a]", "[a[b]]"])
def test_unbalanced_brackets_are_refused(text):
    with pytest.raises(ValueError, match="unbalanced"):
        parse_template(text)
