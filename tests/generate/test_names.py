import pytest

from tooltune.generate.names import kind_in, kind_of, number_rules, words
from tooltune.generate.pools import is_kind


@pytest.mark.parametrize(
    ("name", "noun", "kind"),
    [
        ("city", "", "city"),
        ("from_city", "", "city"),
        ("commitMessage", "", "change_title"),
        ("title", "issue", "issue_title"),
        ("title", "pull request", "change_title"),
        ("path", "repository file", "code_file"),
        ("customer.name", "order", "person"),
        ("labels", "", "label"),
        ("user_id", "", None),
        ("name", "file", "file"),
        ("frobnication", "", None),
        ("", "", None),
    ],
)
def test_the_longest_name_decides(name, noun, kind):
    assert kind_of(name, noun) == kind


def test_every_kind_has_a_pool():
    kinds = {kind_of(name) for name in ("city", "repo", "q", "body", "mime", "cron", "emoji", "sep", "color", "url")}
    assert all(kind is not None and is_kind(kind) for kind in kinds)


def test_names_are_split_and_descriptions_searched():
    assert words("maxHTTPResults.itemCount") == ("item", "count")
    assert kind_in("Name of the city. Or an email") == "city"
    assert kind_in("Nothing known here") is None


def test_rules_for_numbers_come_longest_name_first():
    assert [rule.low for rule in number_rules("interest_rate")] == [1.2, 0.05]
    assert number_rules("frobnication") == ()
