import re
from random import Random

import pytest

from tooltune.generate.patterns import matching


@pytest.mark.parametrize(
    "pattern",
    [r"^[A-Z]{2}-\d{4}$", r"^\w+@\w+\.com$", r"^(?P<year>\d{4})$", r"^(?=.*\d)[a-z]{1,3}\d$", r"^(?:a|bc)+?d*?$",
     r"^[\]\-x]{3}$", r"^\S+\s\D$", r"a{2,}", r"^.{3}$", r"^\bword\b$"],
)  # fmt: skip
def test_a_text_is_written_that_the_pattern_finds(pattern):
    texts = [matching(pattern, Random(seed)) for seed in range(40)]
    assert any(texts)
    assert all(re.search(pattern, text) for text in texts if text is not None)


@pytest.mark.parametrize("pattern", [r"(?<=a)b", r"(a)\1", r"a{9999999}", "(", r"[a", r"^\p{L}$", "(" * 5000])
def test_what_cannot_be_written_is_none_at_once(pattern):
    assert matching(pattern, Random(0)) is None
