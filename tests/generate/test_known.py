"""What of a foreign tool would be made up, and when that keeps it from being asked for."""

import pytest

from tooltune.generate.known import is_known
from tooltune.generate.scene import Catalogue
from tooltune.types import Tool, ToolParameter

P = ToolParameter
ORG = P("org", required=True)
ISSUES = Tool("list_issues", "List issues in an organization", [ORG])


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (ISSUES, True),
        (Tool("list_gizmos", "List gizmos in an organization", [ORG]), False),  # a number and a date
        (Tool("list_events", "List events in an organization", [ORG]), False),  # no meetings
        (Tool("list_events", "List events"), True),
        (Tool("get_secret", "Get a secret", [P("secret_name", required=True)]), False),  # a date only
        (Tool("list_secrets", "List secrets"), True),
        (Tool("list_memberships", "List memberships"), False),  # "admin, since 3 May"
        (Tool("diff", "Show differences between two branches"), True),
        (Tool("get_retention_limit", "Get the retention limit of an organization", [ORG]), True),
        (Tool("translate_text", "Translate a text", [P("text", required=True)]), False),
        (Tool("delete_gizmo", "Delete a gizmo", [P("gizmo_id", type="integer", required=True)]), True),
        (Tool("delete_gizmo", "Delete a gizmo", [P("gizmo_id", required=True)]), False),  # a code of any form
        (Tool("delete_gizmo", "Delete a gizmo", [P("gizmo_id", "such as 'gz-12'", required=True)]), True),
        (Tool("delete_gizmo", "Delete a gizmo", [P("gizmo", required=True)]), False),  # any word
    ],
)
def test_values_and_results_are_known_or_made_up(tool, expected):
    assert is_known(tool) is expected


def test_what_is_made_up_is_asked_for_only_where_little_else_is():
    gizmos = Tool("list_gizmos", "List gizmos in an organization", [ORG])
    others = [Tool(f"list_issues_{n}", "List issues in an organization", [ORG]) for n in range(12)]
    assert gizmos in Catalogue((gizmos, *others[:11])).clear
    long_list = Catalogue((gizmos, *others))
    assert long_list.clear == tuple(others)
    assert long_list.unknown == {"list_gizmos"}


def test_words_of_repositories_are_known_only_elsewhere():
    tasks = Tool("list_tasks", "List tasks")
    assert is_known(tasks)
    assert not is_known(tasks, hosted=True)
