from hypothesis import given
from hypothesis import strategies as st

from tooltune.verify.similar import SimilarTexts
from tooltune.verify.words import grams, jaccard, words

TEXT = st.lists(st.sampled_from("abc"), max_size=10).map(tuple)


@given(st.lists(TEXT, max_size=8), TEXT, st.sampled_from([0.3, 0.5, 0.7]))
def test_the_index_finds_what_comparing_all_pairs_finds(texts, wanted, threshold):
    index = SimilarTexts(threshold)
    for number, text in enumerate(texts):
        index.add(text, str(number))
    similarities = [jaccard(set(grams(text, 3)), set(grams(wanted, 3))) for text in texts]
    best = max(similarities, default=0)
    expected = str(similarities.index(best)) if best > threshold else None
    assert index.nearest(wanted) == expected


def test_texts_can_be_added_after_a_question():
    index = SimilarTexts(0.5)
    index.add(words("turn the light in the kitchen off"), "first")
    assert index.nearest(words("book a table for two tonight")) is None
    index.add(words("book a table for two people tonight"), "second")
    assert index.nearest(words("please book a table for two people tonight")) == "second"
