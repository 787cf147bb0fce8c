"""The project's own tools: their files hold, their parts do not meet, and their examples are true."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tooltune.errors import ConfigError, ToolDefinitionError
from tooltune.generate import GenerationReport, generate_examples
from tooltune.generate.catalogue import draw, entries, problems, read_domain
from tooltune.generate.catalogue.__main__ import main
from tooltune.generate.catalogue.draw import HELD_OUT_DOMAINS, as_phrasing, as_tool, of_part
from tooltune.generate.runner import Plan, examples_of, make_plan
from tooltune.generate.variants import renamed, styled_name
from tooltune.tools import check_tools

ONE = """
domain: bells
tools:
  - name: ring_bell
    description: Rings a bell.
    parameters:
      tower: {type: string, description: Which tower, required: true}
      loud: {type: boolean, default: false, description: Whether all may hear it}
    does: ring bells
    values: {tower: [North, South, East, West, Old, New, Red, Tall]}
    nouns: {tower: tower}
    requests:
      - "Ring the bell of the {tower} tower[ so that all hear it{loud=true}]."
      - "Can the {tower} bell be rung?"
      - "bell, {tower} tower"
      - "I'd like to hear the bell in the {tower} tower."
      - "It's noon, so the bell of the {tower} tower is due."
      - "Please sound the {tower} bell."
    clauses: ["ring the {tower} bell", "sound the bell in the {tower} tower"]
    missing: {tower: ["Ring a bell."]}
"""


def test_every_file_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.endswith(" 0 problems\n")


def test_its_size() -> None:
    assert len(entries()) >= 500
    assert len({entry.domain for entry in entries()}) >= 50
    check_tools([as_tool(entry) for entry in entries()], "the catalogue")


def test_the_parts_are_fixed_and_do_not_meet() -> None:
    parts = {part: {entry.name for entry in of_part(part)} for part in ("train", "held_out_tools", "held_out_domains")}
    assert sum(map(len, parts.values())) == len(set().union(*parts.values())) == len(entries())
    assert {entry.domain for entry in of_part("held_out_domains")} == HELD_OUT_DOMAINS
    assert min(map(len, parts.values())) >= 50


def test_a_larger_draw_holds_the_smaller_one() -> None:
    small, large = draw(20, seed=3), draw(60, seed=3)
    assert set(small.wording) <= set(large.wording)
    assert draw(20, seed=3) == small
    assert set(draw(20, seed=4).wording) != set(small.wording)


def test_more_than_there_are_is_an_error() -> None:
    with pytest.raises(ConfigError, match="held_out_tools"):
        draw(10_000, seed=1, part="held_out_tools")


@pytest.mark.parametrize("renamed_share", [0.0, 1.0])
def test_examples_of_drawn_tools_are_verified_and_rarely_replaced(renamed_share: float) -> None:
    drawn, report = draw(200, seed=1), GenerationReport()
    made = list(
        generate_examples(
            drawn.tools,
            300,
            seed=1,
            held_out_share=0.2,
            examples_per_tool_set=4,
            report=report,
            max_tools_in_view=12,
            wording=drawn.wording,
            renamed_share=renamed_share,
        )
    )
    assert len(made) == 300
    assert sum(report.dropped.values()) <= 15, report.dropped
    known = {tool.name for tool in drawn.tools}
    shown = Counter(tool.name in known for example in made for tool in example.tools)
    assert shown[False] == 0 if not renamed_share else shown[True] < shown[False]
    families = {
        part: {f for e in made if e.metadata["split"] == part for f in e.metadata["families"]}
        for part in ("train", "held_out")
    }
    assert not families["train"] & families["held_out"]


def test_nested_values_and_lists_stand_in_the_sentence() -> None:
    entry = next(entry for entry in entries() if entry.name == "book_grocery_delivery")
    drawn = {as_tool(entry).name: as_phrasing(entry)}
    example = next(
        iter(generate_examples([as_tool(entry)], 1, seed=2, wording=drawn, shares={"no_tool": 0, "chat": 0}))
    )
    calls = [call for message in example.messages for call in message.tool_calls]
    said = " ".join(message.content for message in example.messages if message.role == "user")
    for call in calls:
        assert call.arguments["address"]["street"] in said


def written(tmp_path: Path, old: str, new: str) -> Path:
    assert old in ONE
    path = tmp_path / "bells.yaml"
    path.write_text(ONE.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"bell, {tower} tower"', '"bell, please"', "lacks the required {tower}"),
        ("{loud=true}", "{aloud=true}", "unknown gap 'aloud'"),
        ("{loud=true}", " {loud}", "must imply the boolean"),
        ("Can the {tower} bell", "Can ring_bell {tower} bell", "raw name ring_bell"),
        ("North, South, ", "North, ", "7 values"),
        ('"ring the {tower} bell"', '"Ring the {tower} bell."', "no capital, no full stop"),
        ('["Ring a bell."]', '["Ring a bell in {tower}."]', "states it"),
        ("{tower: [North, South, East, West, Old, New, Red, Tall]}", "{}", "a text needs values"),
        ("type: boolean", "type: truth", "parameters: "),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, old: str, new: str, problem: str) -> None:
    (entry,) = read_domain(written(tmp_path, old, new))
    assert any(problem in found for found in problems(entry)), problems(entry)


def test_the_unchanged_file_has_no_problem(tmp_path: Path) -> None:
    (entry,) = read_domain(written(tmp_path, "North", "North"))
    assert problems(entry) == []


@pytest.mark.parametrize(("old", "new"), [("does:", "dose:"), ("domain: bells", "x: 1"), ("tools:", "tools: [")])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(ToolDefinitionError):
        read_domain(written(tmp_path, old, new))


def test_a_renamed_tool_keeps_its_schemas_and_wording(tmp_path: Path) -> None:
    (entry,) = read_domain(written(tmp_path, "North", "North"))
    tool, phrasing = as_tool(entry), as_phrasing(entry)
    for seed in range(20):
        new, wording = renamed(tool, phrasing, Random(seed))
        assert [p.to_schema() for p in new.parameters] == [p.to_schema() for p in tool.parameters]
        gaps = {key for frame in wording.requests.train for key in frame.template.keys()}  # noqa: SIM118
        assert gaps == {p.name for p in new.parameters}


def test_styles_of_names() -> None:
    assert [styled_name("get_tide_times", style) for style in ("camel", "pascal", "dotted", "snake")] == [
        "getTideTimes",
        "GetTideTimes",
        "get.tide_times",
        "get_tide_times",
    ]


def test_a_share_of_the_tool_sets_is_worded_from_definitions() -> None:
    drawn = draw(40, 3)
    usual = make_plan(drawn.tools, 64, 5, 0.1, 4, 1, drawn.wording, {"single": 1})
    by_hand, plain = asked(usual), asked(replace(usual, plain_wording=1.0))
    assert len(by_hand & plain) < 16
    half = asked(replace(usual, plain_wording=0.5))
    assert min(len(half & by_hand), len(half & plain)) > 16


def test_wording_from_definitions_keeps_the_values_that_were_written() -> None:
    drawn = draw(40, 3)
    plan = make_plan(drawn.tools, 60, 5, 0, 4, 1, drawn.wording, {"single": 1}, plain_wording_share=1.0)
    calls = [(call.name, call.arguments) for e in examples_of(plan) for m in e.messages for call in m.tool_calls]
    listed = {
        (name, key): values
        for name, phrasing in drawn.wording.items()
        for key, values in phrasing.values.items()
        if not isinstance(values, str)
    }
    said = [
        (value, listed[name, key])
        for name, arguments in calls
        for key, value in arguments.items()
        if (name, key) in listed and isinstance(value, str)
    ]
    assert len(said) > 15
    assert [pair for pair in said if pair[0] not in pair[1]] == []


def asked(plan: Plan) -> set[str]:
    return {example.messages[0].content for example in examples_of(plan)}
