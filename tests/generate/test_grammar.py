import pytest

from tooltune.generate.phrasing.grammar import definite, is_heap, is_pile, repeats, said_once


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


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("list team members for the team {team}", "list members of the team {team}"),
        ("create an issue comment for the issue {n}", "create a comment for the issue {n}"),
        ("list team members for that team", "list members of that team"),
        ("list members for the team {team}", "list members for the team {team}"),
    ],
)
def test_a_noun_that_follows_is_not_said_before(said, expected):
    assert said_once(said) == expected


def test_a_noun_that_is_said_twice_is_found():
    assert repeats("get an enterprise configuration in the enterprise {enterprise}")
    assert repeats("delete attestations for the attestation {id}")
    assert not repeats("get the configuration in the enterprise {enterprise}[ with the enterprise {x}]")


def test_a_heap_of_nouns_before_a_value_is_found():
    assert is_heap("approve fork pull request run {run_id} in {owner}/{repo}")
    assert not is_heap("create a new file at the path {path}")
    assert not is_heap("delete pull request comment {comment_id}")
