from tooltune.generate.links import links_between
from tooltune.types import Tool, ToolParameter

P = ToolParameter
ORDER = P("order_id", required=True)


def pairs(*tools):
    return {(link.first, link.second, link.parameter) for link in links_between(tools)}


def test_what_one_tool_makes_or_finds_another_takes():
    create, listing = Tool("create_order", "Create an order"), Tool("list_orders", "List orders")
    cancel = Tool("cancel_order", "Cancel an order", [ORDER])
    assert pairs(create, listing, cancel) == {
        ("create_order", "cancel_order", "order_id"),
        ("list_orders", "cancel_order", "order_id"),
    }


def test_a_bare_id_is_that_of_the_tools_own_thing():
    assert pairs(Tool("create_note", "Create a note"), Tool("delete_note", "Delete a note", [P("id", required=True)]))


def test_the_number_of_a_pull_request_is_enough():
    merge = Tool("merge_pull_request", "Merge a pull request", [P("pull_number", type="integer", required=True)])
    assert pairs(Tool("create_pull_request", "Create a pull request"), merge)


def test_other_things_optional_arguments_and_names_that_are_chosen_freely_are_no_links():
    standing = Tool("create_standing_order", "Create a standing order")
    assert not pairs(standing, Tool("return_item", "Return an item", [ORDER]))
    assert not pairs(Tool("create_order", "Create an order"), Tool("list_items", "List items", [P("order_id")]))
    assert not pairs(
        Tool("list_branches", "List branches"), Tool("create_branch", "", [P("branch_name", required=True)])
    )


def test_an_address_that_was_looked_up_is_written_to():
    send = Tool("send_email", "Send an e-mail", [P("to", "E-mail address of the recipient", required=True)])
    (link,) = links_between([Tool("find_contact", "Find a contact", [P("name", required=True)]), send])
    assert (link.parameter, link.field) == ("to", "email")


def test_what_a_thing_holds_is_not_known_before_it():
    issue = P("issue_number", type="integer", required=True)
    listing = Tool("list_issues", "List issues")
    inside = Tool(
        "dismiss_suggestion", "Dismiss a suggestion", [issue, P("suggestion_id", type="integer", required=True)]
    )
    other = Tool("remove_sub_issue", "Remove a sub-issue", [P("sub_issue_id", type="integer", required=True)])
    assert not pairs(listing, inside)
    assert not pairs(listing, other)
    assert pairs(listing, Tool("close_issue", "Close an issue", [issue]))
