"""What of a foreign tool may be said, and which of them are asked for at all."""

import pytest

from tooltune.generate import generate_examples
from tooltune.generate.phrasing import phrasing_for
from tooltune.generate.phrasing.actions import action_of
from tooltune.generate.phrasing.mentions import mentions
from tooltune.generate.phrasing.natural import is_natural
from tooltune.generate.phrasing.sayable import is_writable, sayable
from tooltune.types import Tool, ToolParameter

P = ToolParameter
REPO = [P("owner", required=True), P("repo", required=True)]
OBJECTS = {"type": "object", "properties": {"of": {"type": "string"}, "notes": {"type": "array"}}}
LINES = {"type": "object", "properties": {"item": {"type": "string"}, "price": {"type": "number"}}}


def said(tool):
    """The parameters that some request of a tool mentions."""
    return {key for frame in phrasing_for(tool).requests.train for key in frame.template.keys()}  # noqa: SIM118


@pytest.mark.parametrize("name", ["a{b", "a}", "x=1", "a+b"])
def test_a_name_with_marks_of_templates_cannot_be_written(name):
    assert not is_writable(name)
    assert is_writable("a.b-c_d")


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (P("limit", type="integer"), True),
        (P("q"), False),  # one letter
        (P("must_not_match"), False),  # no noun
        (P("include_archived", type="boolean"), True),
        (P("months", "Weeks, months and years", type="boolean"), False),  # a word of its own
        (P("frob"), False),  # any word would do
        (P("frob", "Way to do it, for example 'tidy'"), True),
        (P("code", pattern="^[A-Z]{3}$"), True),
        (P("code", pattern="^(?=x)y$"), False),  # no value is known
    ],
)
def test_an_optional_argument_needs_a_value_and_a_name_that_can_be_said(parameter, expected):
    assert sayable(Tool("list_things", "List things", [parameter]), parameter) is expected


@pytest.mark.parametrize(
    ("verb", "parameter", "expected"),
    [
        ("List", P("per_page", type="integer"), True),
        ("List", P("after", "A cursor, as given in the header"), False),
        ("List", P("since", "Only what was changed after this time", format="date-time"), True),
        ("List", P("severity", enum=["low", "high"]), True),
        ("Get", P("gender", enum=["male", "female"]), False),
        ("List", P("names", "Comma-separated names"), False),
        ("List", P("aws_region", "Region, for example 'eu-west-1'"), False),
        ("List", P("archived", type="boolean"), True),
        ("Update", P("archived", "Whether to archive this", type="boolean"), False),
        ("Create", P("private", type="boolean"), True),
        ("Create", P("failover_enabled", "Indicates whether a failover is there", type="boolean"), False),
        ("Create", P("description", "What it is for"), True),
        ("Create", P("title", "Required when the type is 'book'"), False),
        ("Create", P("encrypted_value", "The encrypted value"), False),
        ("Create", P("options", type="object", properties={"a": {"type": "string"}}), False),
        ("Create", P("team_ids", type="array", items={"type": "integer"}), False),
        ("Create", P("labels", type="array", items={"type": "string"}), True),
        ("Create", P("team_id", type="integer"), False),
        ("Create", P("max_size_gb", "Most gigabytes", type="integer"), True),
        ("Create", P("issue", "An issue to convert", type="integer"), False),
        ("List", P("page", type="integer"), False),  # nobody begins with the third one
        ("List", P("region", enum=["WestUs2", "EastUs"]), False),
        ("Update", P("default_branch", "The branch that is shown first"), False),  # not "on the branch x"
        ("Create", P("no_branches", "Whether to copy branches", type="boolean"), False),  # turned round
    ],
)
def test_what_only_a_form_would_say_is_never_mentioned(verb, parameter, expected):
    tool = Tool("do_it", f"{verb} projects in an organization", [P("org", required=True), parameter])
    action = action_of(tool)
    mention = next(m for m in mentions(tool, action) if parameter.name in m.names)
    assert is_natural(tool, action, mention) is expected
    assert (parameter.name in said(tool)) is expected


@pytest.mark.parametrize(
    ("description", "parameters", "expected"),
    [
        ("List issues in a repository", REPO, True),
        ("Get a commit", [*REPO, P("sha", "The commit", required=True)], True),
        ("Create a release", [P("package_type", "The type of package", required=True, enum=["npm", "maven"])], True),
        ("Get a package", [P("package_type", "The type of package", required=True, enum=["npm", "maven"])], False),
        ("Get organization users usage metrics", [P("org", required=True)], False),  # a pile of nouns
        ("Get a natural representation of a value", [P("value", type="number", required=True)], False),
        ("Add a repository to a variable", [P("org", required=True), P("name", required=True)], False),
        ("Convert a distance to miles", [P("kilometers", type="number")], False),  # of what?
        ("Update a webhook of an app", [P("url", "Where it goes")], True),
        ("Get the parent issue of an issue", [P("issue_number", type="integer", required=True)], False),
        ("Show changes that are not yet staged", [P("repo_path", required=True)], True),
        ("Update the access", [P("org", required=True), P("action", required=True, enum=["revoke"])], False),
        ("Compare two commits", [*REPO, P("basehead", "The two to compare", required=True)], False),
        ("Update an import", REPO, False),  # nothing becomes different
        ("Update an import", [*REPO, P("title", required=True)], True),
        ("Update an issue", [P("issue_number", type="integer", required=True), P("title")], True),
        ("Delete observations", [P("deletions", type="array", required=True, items=OBJECTS)], False),
        ("Create an invoice", [P("lines", type="array", required=True, items=LINES)], True),
        ("Set the rules", [P("body", type="object", required=True, properties={"a": {"type": "object"}})], False),
        (
            "Add labels to an issue",
            [P("issue_number", type="integer", required=True), P("labels", type="object")],
            False,
        ),
        ("Create a secret", [P("encrypted_value", required=True), P("key_id", "Encryption key", required=True)], False),
        ("List repositories a token has access to", [P("token_id", type="integer", required=True)], False),
        ("Returns a text in the notation z.wq x 10\u207f", [P("value", type="number", required=True)], False),
        ("Read a file. DEPRECATED: use read_text", [P("path", required=True)], False),
        ("Convert a member to outside collaborator", [P("org", required=True), P("username", required=True)], False),
        ("Check if a user can be assigned", [P("username", required=True)], False),  # if who is what?
        ("Get an enterprise setting for a team", [P("enterprise", required=True)], False),  # said twice
        ("Set the limit of an organization", [P("org", required=True), P("description")], False),  # to what?
        ("List the manifests of an organization", [P("org", required=True)], False),  # no person's word
        ("Get a tree", [*REPO, P("tree_sha", "The tree", required=True)], False),  # nobody types such a number
        ("Send a mail to one or more addresses", [P("to", required=True)], False),  # "to addresses to x"
        ("Show a dog or cat breed", [P("breed", required=True)], False),  # "a dog or cat the breed x"
        ("Match the odds", [P("drawn", type="integer", required=True)], False),
        ("Set the car", [P("speed", type="number", required=True)], True),
        ("Get a member", [P("enterprise", required=True), P("org", required=True), P("city", required=True)], False),
    ],
)
def test_a_tool_whose_request_reads_like_a_form_is_not_clear(description, parameters, expected):
    assert phrasing_for(Tool("do_it", description, parameters)).clear is expected


def test_what_is_not_clear_is_in_view_and_never_called_where_another_tool_is_known():
    unclear = Tool("things.update", "Update the access", [P("action", required=True, enum=["revoke"])])
    clear = Tool("list_issues", "List issues in a repository", REPO)
    made = list(generate_examples([unclear, clear], 60, 3, shares={"single": 1, "selection": 1}))
    assert any(unclear in example.tools for example in made)
    assert {call.name for e in made for m in e.messages for call in m.tool_calls} == {"list_issues"}


def test_a_tool_that_is_not_clear_is_called_where_there_is_no_other():
    unclear = Tool(
        "things.update", "Update the access", [P("org", required=True), P("action", required=True, enum=["a"])]
    )
    made = list(generate_examples([unclear], 5, 3, shares={"single": 1}))
    assert {call.name for e in made for m in e.messages for call in m.tool_calls} == {"things.update"}


def test_a_feature_is_switched_and_not_the_repository_it_is_for():
    tool = Tool("disable_it", "Disable a selected repository for GitHub Actions in an organization", [])
    assert str(action_of(tool)) == "disable GitHub Actions for a repository in an organization"
