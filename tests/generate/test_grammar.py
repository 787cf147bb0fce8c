import pytest

from tooltune.generate.phrasing.grammar import definite, is_pile


@pytest.mark.parametrize(
    ("verb", "said", "expected"),
    [
        ("get", "a site in acme/app", "the site in acme/app"),
        ("update", "an import in acme/app", "the import in acme/app"),
        ("get", "a random joke about cats", "a random joke about cats"),
        ("create", "a site in acme/app", "a site in acme/app"),
        ("get", "issue 5 in acme/app", "issue 5 in acme/app"),
    ],
)
def test_what_there_is_one_of_takes_the_definite_article(verb, said, expected):
    assert definite(verb, said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("organization users usage metrics in acme", True),
        ("status checks protection", True),
        ("the access of a user", False),
        ("issues in a repository", False),
        ("repositories starred by kim", False),
        ("GitHub Actions caches", False),
    ],
)
def test_nouns_with_a_plural_among_them_are_a_pile(said, expected):
    assert is_pile(said) is expected
