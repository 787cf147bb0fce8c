from random import Random

from tooltune.generate.catalogue.draw import as_phrasing, as_tool, draw
from tooltune.generate.catalogue.read import entries
from tooltune.generate.fractions import as_fractions
from tooltune.generate.runner import examples_of, make_plan
from tooltune.verify.facts import Facts

SALE = next(entry for entry in entries() if entry.name == "calculate_sale_price")


def test_a_percentage_becomes_a_fraction_under_a_name_that_fits():
    names = set()
    for seed in range(30):
        tool, phrasing = as_fractions(as_tool(SALE), as_phrasing(SALE), Random(seed))
        (new,) = [p for p in tool.parameters if p.name.startswith("discount")]
        names.add(new.name)
        assert new.type == "number"
        assert "percent" not in new.name + new.description
        assert (new.minimum, new.maximum) == (0.05, 0.8)
        assert set(phrasing.values[new.name]) == {round(v / 100, 6) for v in SALE.values["discount_percent"]}
        assert phrasing.words[new.name]["0.15"] == ("15",)
        frames = [*phrasing.requests.train, *phrasing.clauses.train]
        keys = frozenset().union(*(frame.template.keys() for frame in frames))
        assert new.name in keys
        assert "discount_percent" not in keys
    assert {"discount", "discount_rate"} <= names


def test_what_has_no_percentage_stays_as_it_is():
    entry = next(entry for entry in entries() if entry.name == "get_opening_hours")
    tool, phrasing = as_tool(entry), as_phrasing(entry)
    assert as_fractions(tool, phrasing, Random(1)) == (tool, phrasing)


def test_examples_say_percent_where_the_call_has_a_fraction():
    drawn = draw(540, 5)
    tools = tuple(tool for tool in drawn.tools if tool.name in ("calculate_sale_price", "binomial_probability"))
    plan = make_plan(
        tools, 120, 5, 0, 2, 1, {t.name: drawn.wording[t.name] for t in tools}, {"single": 1}, renamed_share=0.5
    )
    seen = 0
    for example in examples_of(plan):
        said = Facts.read(" ".join(message.content for message in example.messages if message.role == "user"))
        for call in (call for message in example.messages for call in message.tool_calls):
            for value in call.arguments.values():
                if isinstance(value, float) and 0 < value < 1:
                    seen += 1
                    assert {value, round(value * 100, 6)} <= said.numbers
    assert seen > 15
