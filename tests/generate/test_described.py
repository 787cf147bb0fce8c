"""Choices and defaults that only the description tells."""

from random import Random

from tooltune.generate.catalogue.draw import as_phrasing, as_tool
from tooltune.generate.catalogue.read import entries
from tooltune.generate.described import as_described
from tooltune.generate.runner import examples_of, make_plan
from tooltune.types import UNSET

TOURS = next(entry for entry in entries() if entry.name == "find_guided_tours")


def definitions(seeds=40):
    for seed in range(seeds):
        yield as_described(as_tool(TOURS), as_phrasing(TOURS), Random(seed))


def test_every_choice_is_named_where_the_schema_has_none():
    themes = TOURS.parameters["theme"]["enum"]
    told = [(tool.parameter("theme"), phrasing) for tool, phrasing in definitions()]
    without = [(theme, phrasing) for theme, phrasing in told if not theme.enum]
    assert 10 < len(without) < 35
    for theme, phrasing in without:
        assert all(value in theme.description for value in themes)
        assert list(phrasing.values["theme"]) == themes
        assert phrasing.words["theme"]["street_art"] == ("street art",), "and a person still says it so"


def test_defaults_and_choices_are_kept_in_one_place_or_the_other():
    for entry in entries()[::25]:
        tool = as_tool(entry)
        for seed in range(4):
            other, _ = as_described(tool, as_phrasing(entry), Random(seed))
            for old, new in zip(tool.parameters, other.parameters, strict=True):
                assert (new.name, new.type, new.required) == (old.name, old.type, old.required)
                if old.default not in (UNSET, None, "") and new.default is UNSET:
                    assert str(old.default).lower() in new.description.lower()


def test_examples_with_such_definitions_hold():
    tool, wording = as_tool(TOURS), {TOURS.name: as_phrasing(TOURS)}
    plan = make_plan([tool], 60, 5, 0, 2, 1, wording, {"single": 1}, renamed_share=0.01)
    seen = {
        call.arguments["theme"]
        for example in examples_of(plan)
        for message in example.messages
        for call in message.tool_calls
        if "theme" in call.arguments and not example.tools[0].parameter("theme").enum
    }
    assert seen
