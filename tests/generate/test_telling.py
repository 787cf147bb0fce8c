from random import Random

import pytest

from tooltune.generate.telling import described, fact, told
from tooltune.types import Tool, ToolCall, ToolParameter

ID = ToolParameter("order_id", required=True)


def answer(name, description, result, parameters=(), seed=1, **arguments):
    tool = Tool(name, description, parameters)
    return told(tool, ToolCall(name, arguments), result, {}, Random(seed))


def test_what_was_made_is_told_with_its_id():
    text = answer("create_order", "Create an order", {"order_id": 57, "product": "lamp"}, product="lamp")
    assert "created" in text
    assert "the order" in text.lower()
    assert "ID" in text
    assert "57" in text


def test_what_was_changed_or_cancelled_is_named():
    text = answer("cancel_order", "Cancel an order", {"order_id": 57, "status": "cancelled"}, [ID], order_id=57)
    assert "cancelled the order 57" in text


def test_what_was_found_is_counted_and_described():
    found = {"orders": [{"order_id": 57, "total": 12}, {"order_id": 58, "total": 14}]}
    text = answer("list_orders", "List all orders", found)
    assert "two orders: 57 (total 12) and 58 (total 14)" in text


@pytest.mark.parametrize("seed", range(6))
def test_a_value_that_was_looked_up_is_said_for_what_it_was_asked(seed):
    city = ToolParameter("city", required=True)
    text = answer("get_air_quality", "Get the air quality of a city", {"air_quality": 42}, [city], seed, city="Oslo")
    assert "Oslo" in text
    assert "air quality is 42" in text or "air quality for Oslo is 42" in text


def test_facts_are_said_as_people_say_them():
    assert fact("changed_files", 3) == "3 changed files"
    assert fact("open_issues", 1) == "1 open issue"
    assert fact("lines_added", 1) == "1 line added"
    assert fact("date", "2026-05-03") == "date 3 May 2026"
    assert described({"title": "Fix the login page now", "status": "open"}) == '"Fix the login page now" (status open)'


def test_only_what_was_asked_for_is_said_to_be_done():
    repository = ToolParameter("repository_id", type="integer", required=True)
    enabled = answer(
        "enable_repository", "Enable a repository for scans", {"status": "enabled"}, [repository], repository_id=5
    )
    assert "repository" not in enabled
    read = answer("mark_as_read", "Mark notifications as read", {"status": "marked"})
    assert read.lower().endswith("marked the notifications as read.")


def test_names_in_capitals_stay_so():
    assert "two GPG keys" in answer("list_gpg_keys", "List GPG keys", {"gpg_keys": [{"title": "a"}, {"title": "b"}]})


def test_answers_that_stand_side_by_side_tell_which_call_each_is_about():
    places = [ToolParameter("org", required=True), ToolParameter("team_slug", required=True)]
    members = Tool("list_members", "List the members of a team.", places)
    calls = [ToolCall("list_members", {"org": o, "team_slug": t}) for o, t in [("osprey", "qa"), ("osprey", "design")]]
    found = {"members": [{"name": "Ann Lee"}]}
    texts = [told(members, call, found, {}, Random(1), [other]) for call, other in zip(calls, calls[::-1], strict=True)]
    assert "the team qa in osprey" in texts[0]
    assert "the team design in osprey" in texts[1]
    elsewhere = ToolCall("list_members", {"org": "saffron", "team_slug": "qa"})
    assert "the team" not in told(members, calls[0], found, {}, Random(1), [elsewhere])


def test_of_answers_side_by_side_each_says_what_and_where():
    tool = Tool(
        "get_variable", "Get a variable", [ToolParameter("org", required=True), ToolParameter("name", required=True)]
    )
    calls = [ToolCall(tool.name, {"org": org, "name": "STAGE"}) for org in ("acme", "globex")]
    text = told(tool, calls[0], {"name": "STAGE", "value": "beta"}, {}, Random(1), calls[1:])
    assert "the variable STAGE in acme" in text


def test_what_somebody_wrote_stands_in_quotes():
    assert described({"message": "Add dark mode", "sha": "a1b2c3d"}) == '"Add dark mode" (sha a1b2c3d)'
    assert fact("title", "Search ignores accents") == 'title "Search ignores accents"'
    assert fact("name", "Ada Lovelace") == "name Ada Lovelace"


@pytest.mark.parametrize("seed", range(4))
def test_of_a_person_in_an_organization_the_person_is_named(seed):
    parameters = [ToolParameter("org", required=True), ToolParameter("username", required=True)]
    found = {"role": "admin", "since": "2026-05-03"}
    text = answer("get_membership", "Get the membership", found, parameters, seed, org="acme", username="ada")
    assert "ada" in text
    assert "acme" not in text
