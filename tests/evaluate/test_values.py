from hypothesis import given
from hypothesis import strategies as st

from tooltune.evaluate.values import canonical, canonical_call, has_right_type, is_in_enum, is_plain
from tooltune.types import Tool, ToolCall, ToolParameter

SEARCH = Tool(
    "search",
    "Search",
    [
        ToolParameter("query", "What", "string", required=True, default="all"),
        ToolParameter("limit", "How many", "integer", default=10),
        ToolParameter(
            "filter",
            "Filter",
            "object",
            properties={"kind": {"type": "string", "enum": ["new", "old"], "default": "new"}},
        ),
        ToolParameter("tags", "Tags", "array", items={"type": "string"}),
    ],
).schema()


def same(left, right):
    return canonical_call(ToolCall("search", left), SEARCH) == canonical_call(ToolCall("search", right), SEARCH)


def test_an_optional_default_equals_its_absence():
    assert same({"query": "a", "limit": 10}, {"query": "a"})
    assert same({"query": "a", "limit": 10.0}, {"query": "a"})
    assert not same({"query": "a", "limit": 11}, {"query": "a"})


def test_a_required_default_does_not():
    assert not same({"query": "all"}, {})


def test_nested_defaults_count():
    assert same({"filter": {"kind": "new"}}, {"filter": {}})
    assert not same({"filter": {"kind": "new"}}, {})


def test_numbers_strings_and_booleans_keep_apart():
    assert canonical(5) == canonical(5.0)
    assert canonical(True) != canonical(1)
    assert canonical(False) != canonical(0)
    assert canonical("5") != canonical(5)
    assert canonical("Oslo") != canonical("oslo")
    assert canonical(None) != canonical("")
    assert canonical([1, True]) != canonical([1, 1])


def test_lists_are_ordered_and_objects_are_not():
    assert canonical([1, 2]) != canonical([2, 1])
    assert canonical({"a": 1, "b": [2]}) == canonical({"b": [2], "a": 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_canonical_is_hashable_and_agrees_with_json_equality(left, right):
    assert hash(canonical(left)) == hash(canonical(left))
    if canonical(left) == canonical(right):
        assert left == right


def test_types_are_checked_inside_values():
    assert has_right_type({"query": "a", "limit": 3.0, "tags": ["x"]}, SEARCH)
    assert not has_right_type({"tags": ["x", 1]}, SEARCH)
    assert not has_right_type({"limit": 2.5}, SEARCH)
    assert not has_right_type({"limit": True}, SEARCH)
    assert has_right_type(None, {"type": ["string", "null"]})
    assert has_right_type(object(), {})


def test_enums_are_checked_inside_values():
    assert is_in_enum({"filter": {"kind": "old"}}, SEARCH)
    assert not is_in_enum({"filter": {"kind": "middling"}}, SEARCH)


def test_plain_means_finite_and_not_too_deep():
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert is_plain({"a": [1, {"b": 2.5}]})
    assert not is_plain(deep)
    assert not is_plain({"a": [float("inf")]})
