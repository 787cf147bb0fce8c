"""Required parameters that some definitions show as optional."""

from dataclasses import replace
from random import Random

from tooltune.generate.catalogue.draw import as_phrasing, as_tool
from tooltune.generate.catalogue.read import entries
from tooltune.generate.definitions import defined_otherwise
from tooltune.generate.relaxed import as_optional
from tooltune.generate.runner import examples_of, make_plan
from tooltune.types import UNSET
from tooltune.verify.schema import argument_problem

ENTRY = next(entry for entry in entries() if entry.name == "market.price_history")


def required(tool):
    return [p.name for p in tool.parameters if p.required]


def test_the_first_required_parameter_stays_and_others_are_relaxed():
    for entry in entries()[::20]:
        tool, phrasing = as_tool(entry), as_phrasing(entry)
        for seed in range(4):
            other, wording = as_optional(tool, phrasing, Random(seed))
            assert wording is phrasing, "what is said stays"
            assert [p.name for p in other.parameters] == [p.name for p in tool.parameters]
            assert required(other)[:1] == required(tool)[:1]
            assert set(required(other)) <= set(required(tool))


def test_a_default_is_a_value_that_the_schema_takes():
    found = 0
    for entry in entries()[::5]:
        tool = as_tool(entry)
        other, _ = as_optional(tool, as_phrasing(entry), Random(3))
        for old, new in zip(tool.parameters, other.parameters, strict=True):
            if new.default is not UNSET and old.default is UNSET:
                found += 1
                alone = replace(other, parameters=(new,))
                assert argument_problem(alone, {new.name: new.default}) is None, (entry.name, new)
    assert found > 10


def test_what_is_told_is_called_though_it_is_optional():
    tool, wording = as_tool(ENTRY), {ENTRY.name: as_phrasing(ENTRY)}
    names = required(tool)
    plan = make_plan([tool], 80, 5, 0, 2, 1, wording, {"single": 1}, renamed_share=0.001)
    relaxed = [e for e in examples_of(plan) if len(required(e.tools[0])) < len(names)]
    assert len(relaxed) > 5
    for example in relaxed:
        assert all(set(names) <= call.arguments.keys() for message in example.messages for call in message.tool_calls)


def test_only_tools_of_the_catalogue_are_defined_otherwise():
    tool, phrasing = as_tool(ENTRY), as_phrasing(ENTRY)
    foreign = replace(phrasing, domain="")
    seen = {repr(defined_otherwise([(tool, foreign), (tool, phrasing)], Random(seed))[1][0]) for seed in range(20)}
    assert len(seen) > 3
    assert all(defined_otherwise([(tool, foreign)], Random(s)) == [(tool, foreign)] for s in range(20))
