import json

import pytest

from tooltune.example_tools import EXAMPLE_TOOLS, execute
from tooltune.generate.deeds import deed_of, participle
from tooltune.generate.world import World
from tooltune.types import Tool, ToolCall, ToolParameter

P = ToolParameter
ID = P("order_id", "Id of the order", "integer", required=True, minimum=1000, maximum=9999)
DETAILS = [P("product", required=True), P("quantity", type="integer"), P("gift", type="boolean")]
SHOP = [
    Tool("create_order", "Create an order", DETAILS),
    Tool("get_order", "Get an order", [ID]),
    Tool("update_order", "Update an order", [ID, P("quantity", type="integer", required=True)]),
    Tool("cancel_order", "Cancel an order", [ID]),
    Tool("list_orders", "List all orders"),
]  # fmt: skip


def run(world, name, tools=SHOP, **arguments):
    return json.loads(world.execute(ToolCall(name, arguments), tools))


@pytest.fixture
def made():
    """A world with an order in it (one call in twelve fails, so the first product that works is taken)."""
    for product in ("lamp", "chair", "desk"):
        world = World()
        order = run(world, "create_order", product=product, quantity=2, gift=True)
        if "error" not in order:
            return world, order
    raise AssertionError("three failures in a row")


def test_what_is_made_gets_an_id_of_the_form_that_the_other_tools_ask_for(made):
    _, order = made
    assert 1000 <= order["order_id"] <= 9999
    assert order["quantity"] == 2
    assert order["gift"] is True
    assert order["status"] == "created"


def test_what_is_made_can_be_found_changed_and_deleted(made):
    world, order = made
    number = order["order_id"]
    results = [run(world, "get_order", order_id=number), run(world, "list_orders")]
    results += [run(world, "update_order", order_id=number, quantity=5), run(world, "get_order", order_id=number)]
    assert results[0]["product"] == order["product"]
    assert number in [found["order_id"] for found in results[1]["orders"]]
    assert results[2]["quantity"] == results[3]["quantity"] == 5
    assert "error" not in run(world, "cancel_order", order_id=number)
    assert run(world, "get_order", order_id=number) == {"error": f"There is no order {number}"}


def test_the_same_calls_in_a_new_world_end_in_the_same_results_and_the_same_state():
    calls = [ToolCall("create_order", {"product": p}) for p in "abcdef"] + [ToolCall("list_orders", {})] * 2
    calls += [ToolCall("cancel_order", {"order_id": n}) for n in (1234, 1234, 4321)]
    one, other = World(), World()
    assert [one.execute(c, SHOP) for c in calls] == [other.execute(c, SHOP) for c in calls]
    assert one.records == other.records
    assert one.made == other.made
    assert one.records


def test_what_nobody_made_is_taken_to_exist_and_stays_the_same():
    world = World()
    first = run(world, "get_order", order_id=1111)
    assert first == run(world, "get_order", order_id=1111) == run(World(), "get_order", order_id=1111)
    assert set(first) == {"order_id", "status", "total", "ordered_on"}


def test_example_tools_keep_their_implementations():
    call = ToolCall("get_weather", {"city": "Oslo"})
    assert World().execute(call, EXAMPLE_TOOLS) == execute(call, EXAMPLE_TOOLS)


def test_any_arguments_give_a_result():
    for arguments in ({}, {"order_id": None}, {"order_id": {"a": [1]}}, {"quantity": "x" * 500}):
        for tool in SHOP:
            assert isinstance(run(World(), tool.name, **arguments), dict)
    assert run(World(), "nothing") == {"error": "There is no tool named nothing"}


@pytest.mark.parametrize(
    ("name", "description", "kind", "thing"),
    [
        ("issues_create", "Create an issue. Any user can.", "make", "issue"),
        ("list_transactions", "Lists what went in and out of an account.", "find", "transaction"),
        ("rentals.search", "Search holiday homes by region.", "find", "rental"),
        ("get_order", "Get the details of an order", "show", "order"),
        ("close_pull_request", "Close a pull request", "change", "pull request"),
        ("deleteUser", "", "remove", "user"),
        ("qk3_vz81", "Cancel a booking.", "remove", "booking"),
        ("git_diff_staged", "Shows changes that are staged for commit", "show", "change"),
        ("rate_limit_get", "Get rate limit status for the authenticated user", "show", "rate limit"),
        ("add_collaborator", "Add a repository collaborator", "do", "collaborator"),
        ("calculate_area", "Calculate the area of a circle", "compute", "area"),
        ("translate", "Translate a text", "write", "text"),
        ("send_message", "Send a message", "do", "message"),
    ],
)
def test_what_a_tool_does_is_read_from_its_name_and_description(name, description, kind, thing):
    deed = deed_of(Tool(name, description))
    assert (deed.kind, deed.thing) == (kind, thing)


def test_participles():
    assert [participle(v) for v in ("create", "cancel", "send", "apply", "book")] == [
        "created", "cancelled", "sent", "applied", "booked",
    ]  # fmt: skip


def test_a_file_is_read_the_same_way_each_time_and_only_text_has_a_content():
    read = [Tool("read_file", "Read a file", [P("path", required=True)])]
    files = [f"/home/ana/{name}.txt" for name in ("notes", "list", "plan")]  # one call in twelve fails
    texts = [result for path in files if "error" not in (result := run(World(), "read_file", read, path=path))]
    assert texts
    assert all(result.keys() == {"path", "content"} for result in texts)
    assert texts[0] == run(World(), "read_file", read, path=texts[0]["path"])
    photos = [run(World(), "read_file", read, path=f"/photos/{name}.jpg") for name in ("a", "b", "c")]
    assert any(result.keys() == {"path", "kilobytes"} for result in photos)


def test_what_is_found_matches_the_pattern_and_the_term():
    tools = [
        Tool("search_files", "Search for files", [P("path", required=True), P("pattern", required=True)]),
        Tool("search_issues", "Search issues", [P("query", required=True)]),
    ]
    found = [run(World(), "search_files", tools, path=path, pattern="test_*") for path in ("/a", "/b", "/c")]
    names = [file["name"] for result in found for file in result.get("files", [])]
    assert names
    assert all(name.startswith("test_") for name in names)
    found = [run(World(), "search_issues", tools, query=query) for query in ("dark mode", "slow login")]
    titles = [issue["title"] for result in found for issue in result.get("issues", [])]
    assert titles
    assert all(title.startswith(("Dark mode: ", "Slow login: ")) for title in titles)


def test_the_time_is_the_same_moment_everywhere_in_one_conversation():
    tools = [Tool("get_time", "Get the current time", [P("timezone", required=True)])]
    shown = [run(World(), "get_time", tools, timezone=zone) for zone in ("Asia/Tokyo", "Asia/Seoul", "Africa/Nairobi")]
    shown = [result for result in shown if "error" not in result]
    assert len(shown) > 1
    assert len({result["time"][3:] for result in shown}) == 1  # whole hours apart


def test_a_run_of_a_workflow_is_known_by_its_own_number():
    tools = [
        Tool("list_workflow_runs", "List workflow runs", [P("workflow_id", type="integer", required=True)]),
        Tool("get_workflow", "Get a workflow", [P("workflow_id", type="integer", required=True)]),
        Tool("delete_run", "Delete a workflow run", [P("run_id", type="integer", required=True)]),
    ]
    found = [run(World(), "list_workflow_runs", tools, workflow_id=number) for number in (5, 6, 7)]
    assert all("run_id" in entry for result in found for entry in result.get("workflow_runs", []))
    assert any("workflow_runs" in result for result in found)


def test_what_nobody_asks_for_by_id_has_a_number_where_ids_are_numbers():
    create = Tool("create_fork", "Create a fork", [P("title", required=True)])
    release = Tool("get_release", "Get a release", [P("release_id", type="integer", required=True)])
    made = [run(World(), "create_fork", (create, release), title=f"a{n}") for n in range(3)]
    assert all(isinstance(fork["id"], int) for fork in made if "error" not in fork)
    made = [run(World(), "create_fork", (create,), title=f"a{n}") for n in range(3)]
    assert all(isinstance(fork["id"], str) for fork in made if "error" not in fork)


def test_what_is_named_by_its_parameter_has_no_other_name():
    branch = Tool("get_branch", "Get a branch", [P("branch", required=True)])
    found = [run(World(), "get_branch", (branch,), branch=name) for name in ("main", "develop", "staging")]
    assert not any("name" in record for record in found)


def test_no_two_things_of_a_list_have_one_name():
    world, tool = World(), Tool("list_teams", "List teams", [P("org", required=True)])
    for i in range(60):
        found = run(world, "list_teams", [tool], org=f"acme{i}").get("teams", [])
        assert len({team["name"] for team in found}) == len(found)


def test_a_commit_that_is_asked_for_is_the_one_that_is_shown():
    tool = Tool("get_commit", "Get a commit", [P("repo", required=True), P("ref", "A commit", required=True)])
    shown = [run(World(), "get_commit", [tool], repo=f"site{i}", ref="a1b2c3d") for i in range(4)]
    assert {result.get("sha", "a1b2c3d") for result in shown} == {"a1b2c3d"}
    assert any("sha" in result for result in shown)
