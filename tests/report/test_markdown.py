import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooltune.report.markdown import code, fence, table


@given(st.text(alphabet="`~a \n\r", max_size=40))
def test_nothing_in_a_fence_can_close_it(text):
    opening, *inner, closing = re.split(r"\r\n|\n|\r", fence(text))
    assert opening == closing + "text"
    assert len(closing) >= 3
    assert not any(set(line.strip()) == {"`"} and len(line.strip()) >= len(closing) for line in inner)


@pytest.mark.parametrize(("text", "shown"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("a\nb", "`a b`"), ("", "` `")])
def test_code(text, shown):
    assert code(text) == shown


def test_a_cell_cannot_break_its_table():
    lines = table(["a", "b"], [["x|y", "1\n2"]]).splitlines()
    assert lines == ["| a | b |", "| :-- | --: |", "| x\\|y | 1 2 |"]
