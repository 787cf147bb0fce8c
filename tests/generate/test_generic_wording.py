"""What is said for a tool that nobody wrote wording for."""

from random import Random

import pytest

from tooltune.generate.phrasing import phrasing_for
from tooltune.generate.phrasing.actions import action_of, noun_of
from tooltune.generate.phrasing.generic import command
from tooltune.generate.phrasing.mentions import noun_for
from tooltune.generate.phrasing.spoken import flag
from tooltune.generate.speech import Speaker, speak
from tooltune.generate.templates import Gap, Option
from tooltune.types import Tool, ToolParameter
from tooltune.verify.facts import Facts
from tooltune.verify.grounding import ungrounded_arguments

P = ToolParameter
REPO = [P("owner", required=True), P("repo", required=True)]


def shown(template):
    """A template as text: gaps in braces, optional segments in brackets."""
    text = ""
    for part in template.parts:
        if isinstance(part, Option):
            text += f"[{''.join(p if isinstance(p, str) else '{' + p.key + '}' for p in part.parts)}]"
        elif isinstance(part, Gap):
            text += f"{{{part.key}{'+' if part.many else ''}}}"
        else:
            text += part if isinstance(part, str) else f"<{'|'.join(part.options)}>"
    return text


def first(tool, kind="clauses"):
    return shown(getattr(phrasing_for(tool), kind).train[0].template)


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("get_user", "Returns the profile of a user.", "get the profile of a user"),
        ("x", "Searches books by title or author. Fast.", "search books"),
        ("list_servers", "", "list the servers"),
        ("users.list", "", "list the users"),
        ("slack_post_message", "", "post a message"),
        ("get_time", "A tool that tells the time", "tell the time"),
        ("x", "Pushes a commit (to a branch)", "push a commit"),
        ("x", "Copies a file", "copy a file"),
        ("x", "Use this tool to create an order", "create an order"),
        ("x", "Create or update a file in a repository", "create a file in a repository"),
        ("x", "Makes a backup of a database and stores it under a label", "make a backup of a database"),
        (
            "x",
            "Writes a quiz with questions and answers about a topic",
            "write a quiz with questions and answers about a topic",
        ),
        ("x", "Moves a file to another folder", "move a file"),
        ("x", "Dim the lights of a room to a given level", "dim the lights of a room"),
        ("get_battle", "Facts about a battle", "get the facts about a battle"),
        ("get_golden_hour", "Start and end of the soft light", "get the start and end of the soft light"),
        ("x", "Create a folder or ensure that it exists", "create a folder"),
        ("x", "Get list of commits", "get the list of commits"),
        ("get_weather", "Current weather of a city", "get the current weather of a city"),
        ("x", "Star a repository for the authenticated user", "star a repository"),
        ("frobnicate", "", "get the frobnicate"),
        ("x", "Fork {it} to your account <a|b>", "fork it to my account ab"),
        (
            "find_sights",
            "Sights within walking distance of a point",
            "find the sights within walking distance of a point",
        ),
        ("get_prices", "Averages of the prices over a year", "get the averages of the prices over a year"),
        ("estimate_calories", "Calories burned in an hour", "estimate the calories burned in an hour"),
        ("get_primes", "All primes between two bounds", "get all primes between two bounds"),
        ("x", "Unlocks the car", "unlock the car"),
        ("x", "Pearson's coefficient", "get the pearson's coefficient"),
        ("x", "Clean one or more rooms", "clean rooms"),
        ("x", "Start a scene in the home or in certain rooms", "start a scene in the home"),
        ("geometric_mean", "Convert data to floats and compute the geometric mean", "compute the geometric mean"),
        ("convert", "Convert data to floats and compute the mean", "convert data to floats"),
        ("sky.visible_planets", "Planets " + "that can be seen " * 4, "get the visible planets"),
        ("find_streaming", "On which services a film can be watched", "find the streaming"),
    ],
)
def test_a_description_or_a_name_becomes_a_command(name, description, expected):
    assert command(Tool(name, description)) == expected


@pytest.mark.parametrize(
    ("name", "noun"),
    [("create_pull_request", "pull request"), ("git_commit", "commit"), ("add_issue_comment", "issue comment")],
)
def test_the_noun_of_a_tool(name, noun):
    assert noun_of(Tool(name)) == noun


@pytest.mark.parametrize(
    ("description", "parameters", "expected"),
    [
        ("Get the time in a city", [P("city", required=True)], "get the time in {city}"),
        ("Cancel an order", [P("order_id", required=True)], "cancel order {order_id}"),
        ("Get a user's profile", [P("userId", required=True)], "get user {userId}'s profile"),
        ("Translate text", [P("text", required=True)], 'translate "{text}"'),
        ("List issues in a repository", REPO, "list issues in {owner}/{repo}"),
        ("Star a repository", REPO, "star the repository {owner}/{repo}"),
        ("Create a branch in a repository", [*REPO, P("branch", required=True)],
         "create a branch called {branch} in {owner}/{repo}"),
        ("Delete a file", [P("path", required=True)], "delete the file {path}"),
        ("Get an issue", [P("issue_number", type="integer", required=True)], "get issue #{issue_number}"),
        ("Search books", [P("query", required=True)], 'search books for "{query}"'),
        ("Book a room", [P("check_in", format="date", required=True)], "book a room on {check_in}"),
        ("Send a reminder", [P("remind_in", format="duration", required=True)], "send a reminder in {remind_in}"),
        ("Search flights between two airports", [P("origin", required=True), P("destination", required=True)],
         "search flights from {origin} to {destination}"),
        ("Convert a file to another format", [P("path", required=True), P("format", required=True, enum=["a"])],
         "convert the file {path} to {format}"),
        ("Format a number of bytes", [P("value", "Number of bytes", "integer", required=True)], "format {value} bytes"),
        ("Play a track on a device", [P("track", required=True), P("device")],
         'play the track "{track}"[ on the {device}]'),
        ("Set the room", [P("angle", type="number", required=True)], "set the room with an angle of {angle}"),
        ("Greatest common divisor of two or more numbers", [P("numbers", type="array", required=True,
         items={"type": "integer"})], "get the greatest common divisor of {numbers}"),
        ("Track a parcel", [P("tracking_number", required=True)],
         "track a parcel with the tracking number {tracking_number}"),
        ("Book a sitter", [P("until", format="date", required=True), P("start_date", format="date", required=True)],
         "book a sitter on {start_date} until {until}"),
        ("Add a note", [P("place", type="object", required=True, properties={"city": {"type": "string"}, "zip": {}})],
         "add a note with the city {place.city}[ and the zip {place.zip}]"),
    ],
)  # fmt: skip
def test_arguments_find_their_place(description, parameters, expected):
    assert first(Tool("do_it", description, parameters)) == expected


def test_optional_arguments_take_turns_and_the_name_of_code_is_never_said():
    tool = Tool(
        "list_issues", "List issues", [P("max_results", type="integer"), P("sortBy"), P("labels"), P("sinceDate")]
    )
    texts = [shown(frame.template) for frame in phrasing_for(tool).requests.train]
    for parameter in tool.parameters:
        assert any(f"{{{parameter.name}}}" in text for text in texts), parameter.name
    assert not any("max_results of" in text or "sortBy {" in text for text in texts)


def test_one_of_several_values_and_one_missing():
    tool = Tool("get_time", "Get the time in a city", [P("city", required=True)])
    assert "get the time in {city+}" in first(tool, "several")
    assert "get the time" in first(tool, "missing")
    assert "city" not in first(tool, "missing")
    assert phrasing_for(Tool("x", "Say a text", [P("text", required=True)])).several.train == ()


def test_the_parts_share_no_wording():
    phrasing = phrasing_for(Tool("get_time", "Get the time in a city", [P("city", required=True)]))
    for kind in ("requests", "several", "missing"):
        split = getattr(phrasing, kind)
        assert not {f.template for f in split.train} & {f.template for f in split.held_out}
        assert all("held_out" in frame.family for frame in split.held_out)


@pytest.mark.parametrize(
    ("name", "description", "yes", "no"),
    [
        ("recursive", "", "including subfolders", "without subfolders"),
        ("include_drafts", "", "including the drafts", "without the drafts"),
        ("include_revoked", "", "including the revoked ones", "without the revoked ones"),
        ("delete_old", "", "and delete the old ones", "but don't delete the old ones"),
        ("with_breed", "", "including the breed", "without the breed"),
        ("x", "Whether to ship express. Default: false", "and ship express", "but don't ship express"),
        ("x", "Return only protected branches", "only protected branches", "not just protected branches"),
        ("x", "Whether the gist is public", "and the gist should be public", "and the gist should not be public"),
        ("turbo", "", "with turbo switched on", "with turbo switched off"),
    ],
)
def test_flags_are_said_by_what_they_do(name, description, yes, no):
    said = flag(P(name, description, "boolean"))
    assert (said[0][0], said[1][0]) == (yes, no)


def test_questions_ask_in_plain_words():
    tool = Tool(
        "create_label", "Create a label", [P("name", required=True), P("kind", required=True, enum=["FAULT", "IDEA"])]
    )
    asks = phrasing_for(tool).ask
    assert "What should it be called?" in asks["name"]
    assert asks["kind"] == ("Which kind would you like: fault or idea?",)
    assert noun_for(P("maxResults")) == "maximum results"
    assert noun_for(P("user_id")) == "user ID"


TOOL = Tool("create_event", "Creates an event in a calendar", [
    P("title", required=True), P("start", required=True, format="date-time"), P("calendar_id", required=True),
    P("guests", type="array", items={"type": "string", "format": "email"}), P("all_day", type="boolean", default=False),
    P("visibility", enum=["PUBLIC", "PRIVATE"]), P("remind_minutes", type="integer"),
    P("notes", type="array", items={}),
])  # fmt: skip


@pytest.mark.parametrize("part", ["train", "held_out"])
def test_everything_that_is_called_was_said(part):
    phrasing = phrasing_for(TOOL)
    for seed, frame in enumerate(phrasing.requests.of(part) * 3):
        spoken = speak(frame, {"": Speaker(TOOL, phrasing)}, Random(seed))
        (call,) = spoken.calls("", TOOL)
        implied = {(name, repr(value)) for _, name, value, words in spoken.implied if words in spoken.text}
        assert list(ungrounded_arguments(call, TOOL, Facts.read(spoken.text), implied)) == [], spoken.text
        assert {"title", "start", "calendar_id"} <= call.arguments.keys()


def test_verbs_have_classes():
    assert action_of(Tool("x", "List the files")).is_a("look")
    assert action_of(Tool("x", "Perform a web search")).is_a("find")
    assert not action_of(Tool("x", "Delete it")).is_a("make")


def test_a_noun_is_no_part_of_another_word():
    rooms = P("rooms", "Rooms to clean", "array", required=True, items={"type": "string"})
    assert first(Tool("clean", "Clean one or more rooms.", [rooms])).startswith("clean the ")
