import string

from hypothesis import given
from hypothesis import strategies as st

from tooltune.verify.words import grams, jaccard, normalise_name, normalise_query, shingles, words

TEXT = st.text(max_size=40)
ASCII = st.text(string.ascii_letters + string.digits + " .,!?-", max_size=40)


def test_words_of_real_sentences():
    assert words("What's the weather in São Paulo?") == ("whats", "the", "weather", "in", "são", "paulo")
    assert words("Don\u2019t \uff21\uff22\uff23 get_weather") == ("dont", "abc", "get", "weather")
    assert words("東京の天気は") == tuple("東京の天気は")
    assert words("?! …") == ()


@given(TEXT)
def test_a_normalised_text_is_its_own_normal_form(text):
    assert normalise_query(normalise_query(text)) == normalise_query(text)


@given(ASCII)
def test_case_punctuation_and_space_do_not_matter(text):
    changed = f"  {text.upper()} ".replace(" ", "\n\t ").replace(",", ";").replace(".", "!")
    assert normalise_query(changed) == normalise_query(text)


@given(st.text(max_size=40))
def test_composed_and_decomposed_characters_are_equal(text):
    import unicodedata

    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert words(composed) == words(decomposed)


@given(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=4))
def test_a_name_is_one_in_every_style(parts):
    camel = parts[0] + "".join(part.capitalize() for part in parts[1:])
    styles = {camel, "_".join(parts), "-".join(parts), ".".join(parts), "".join(map(str.capitalize, parts))}
    assert {normalise_name(name) for name in styles} == {"".join(parts)}


@given(st.lists(st.sampled_from("abc"), max_size=8).map(tuple), st.integers(1, 4))
def test_grams_are_all_runs_of_their_size(text, size):
    found = list(grams(text, size))
    assert len(found) == max(0, len(text) - size + 1)
    assert all(len(run) == size and run == text[i : i + size] for i, run in enumerate(found))
    assert list(shingles(text, size)) == (found or ([text] if text else []))


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_jaccard_is_symmetric_and_one_for_equals_only(first, second):
    assert jaccard(first, second) == jaccard(second, first)
    assert 0 <= jaccard(first, second) <= 1
    assert (jaccard(first, second) == 1) == (first == second and bool(first))
