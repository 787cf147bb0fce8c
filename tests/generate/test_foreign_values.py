"""Values, links and turns of tools that nobody wrote wording for."""

import json
from random import Random

import pytest

from tooltune.generate import SHARES, generate_examples
from tooltune.generate.deeds import deed_of, key_of
from tooltune.generate.phrasing import phrasing_for
from tooltune.generate.phrasing.actions import action_of
from tooltune.generate.slots import choose_value, name_of, text_kind
from tooltune.generate.speech import Speaker, speak
from tooltune.generate.world import World
from tooltune.types import Tool, ToolCall, ToolParameter

P = ToolParameter
REPO = [P("owner", required=True), P("repo", required=True)]
TEXTS = {"type": "string"}


def requests(tool, count=30):
    frames = phrasing_for(tool).clauses.train
    return [speak(frames[i % len(frames)], {"": Speaker(tool, phrasing_for(tool))}, Random(i)) for i in range(count)]


def test_a_file_that_is_moved_keeps_its_ending():
    tool = Tool(
        "move_file",
        "Move or rename files and directories.",
        [P("source", required=True), P("destination", required=True)],
    )
    for spoken in requests(tool):
        source, destination = spoken.arguments[""][0].values()
        assert spoken.text == f"Move {source} to {destination}"
        assert source.rpartition("/")[2].partition(".")[2] == destination.rpartition("/")[2].partition(".")[2]


def test_text_is_written_into_text_files_only():
    tool = Tool("write_file", "Create a new file", [P("path", required=True), P("content", required=True)])
    paths = [spoken.arguments[""][0]["path"] for spoken in requests(tool)]
    assert {path.rpartition(".")[2] for path in paths} <= {"txt", "md"}, "no sentence is written into a .toml"


def test_an_old_text_and_a_new_one_differ():
    edit = {"type": "object", "properties": {"oldText": TEXTS, "newText": TEXTS}, "required": ["oldText", "newText"]}
    edits = P("edits", type="array", items=edit, required=True)
    values = [one for seed in range(40) for one in choose_value(edits, Random(seed))]
    assert all(one["oldText"] != one["newText"] for one in values)


def test_a_list_whose_noun_is_plural_has_more_than_one():
    tool = Tool(
        "delete_entities", "Delete multiple entities", [P("entityNames", type="array", items=TEXTS, required=True)]
    )
    assert all(len(spoken.arguments[""][0]["entityNames"]) > 1 for spoken in requests(tool))
    assert requests(tool)[0].text.startswith("Delete the entities ")


def test_month_and_year_are_said_together_and_in_words():
    both = [P("month", type="integer", minimum=1, maximum=12), P("year", type="integer")]
    tool = Tool("get_usage", "Get the usage of an organization", [P("org", required=True), *both])
    said = [s for s in requests(tool) if "month" in s.arguments[""][0]]
    assert said
    assert all("year" in s.arguments[""][0] for s in said)
    assert not any(f" {s.arguments[''][0]['month']} " in s.text for s in said)


@pytest.mark.parametrize(
    ("description", "expected"),
    [("The name of the variable.", "variable"), ("Name of an environment", "environment"), ("A name", "")],
)
def test_a_description_tells_what_a_name_names(description, expected):
    assert name_of(description) == expected
    assert text_kind("name", "The name of the variable.", "repository") == text_kind("variable_name", "", "")


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("x", "List the people the authenticated user follows", "list the people I follow"),
        ("x", "Echoes back the text", "echo back the text"),
        ("get_root", "GitHub API Root", "get GitHub API Root"),
        ("x", "Return a form of a time in a resolution that makes sense.", "get a form of a time"),
    ],
)
def test_commands_are_in_plain_english(name, description, expected):
    assert str(action_of(Tool(name, description))).replace("the GitHub", "GitHub") == expected


def test_a_sub_issue_is_no_issue_and_a_pull_is_a_pull_request():
    sub = Tool(
        "issues.remove_sub_issue",
        "Remove sub-issue",
        [P("issue_number", type="integer"), P("sub_issue_id", type="integer")],
    )
    assert deed_of(sub).thing == "sub issue"
    assert key_of(sub, "sub issue").name == "sub_issue_id"
    assert deed_of(Tool("pulls_get", "Get a pull request")).thing == "pull request"


def test_what_is_known_of_a_file_does_not_speak_of_another_one():
    tool = Tool("get_file_info", "Get the metadata of a file", [P("path", required=True)])
    result = json.loads(World().execute(ToolCall(tool.name, {"path": "/srv/a.csv"}), [tool]))
    assert result["path"] == "/srv/a.csv"
    assert "name" not in result


def test_files_that_are_found_have_the_ending_that_was_looked_for():
    tool = Tool("search_files", "Search for files", [P("path", required=True), P("pattern", required=True)])
    for folder in "abcdef":
        call = ToolCall(tool.name, {"path": f"/{folder}", "pattern": "*.md"})
        found = json.loads(World().execute(call, [tool])).get("files", [])
        assert all(file["name"].endswith(".md") for file in found)


def test_nobody_asks_for_the_same_twice_in_a_conversation():
    tools = [Tool("get_status", "Get the status of a device", [P("device", required=True, enum=["pump", "fan"])])]
    for example in generate_examples(tools, 20, 5, shares={"multi_turn": 1, "single": 1}):
        calls = [repr(call) for message in example.messages for call in message.tool_calls]
        assert len(set(calls)) == len(calls)


def test_a_chain_stays_in_one_place_and_does_not_take_from_page_seven():
    org, team, page = P("org", required=True), P("team_id", required=True), P("page", "Page", type="integer")
    tools = [
        Tool("list_teams", "List teams in an organization", [org, page]),
        Tool("delete_team", "Delete a team", [org, team]),
        Tool("remove_team", "Remove a team from a repository", [*REPO, team]),
    ]  # fmt: skip
    made = list(generate_examples(tools, 20, 1, shares=dict.fromkeys(SHARES, 0) | {"long_chain": 1}))
    calls = [call for e in made for message in e.messages for call in message.tool_calls]
    assert {call.name for call in calls} == {"list_teams", "delete_team"}
    assert not any("page" in call.arguments for call in calls)
