import json
from dataclasses import replace
from random import Random

import pytest

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.formats.documented import write_examples
from tooltune.generate import generate_examples
from tooltune.types import Example, Message, Tool, ToolParameter
from tooltune.verify import ContaminationReport, Gate, without_contamination
from tooltune.verify.held_out import HeldOut, ToolShape
from tooltune.verify.words import words

THIRTEEN = "please find me a quiet hotel near the old harbour of Bergen with breakfast"
SEAT = Tool(
    "book_seat",
    "Book a seat on a train for one passenger.",
    [ToolParameter("train_id", "The train", required=True), ToolParameter("window", "By the window", "boolean")],
)


def said(*texts, tools=()):
    messages = [Message("user", text) for text in texts]
    return Example((*messages, Message("assistant", "Done.")), tuple(tools))


def gate(*texts, tools=(), **options):
    shapes = tuple(ToolShape.of(tool) for tool in tools)
    return Gate([HeldOut("held.json, line 1", tuple(map(words, texts)), shapes)], **options)


def kinds(found):
    return [overlap.kind for overlap in found]


@pytest.mark.parametrize(
    ("held_out", "training", "expected"),
    [
        ("How warm is it?", "how warm is it", ["equal_query", "similar_query"]),
        ("Hi", "hi!", ["equal_query"]),
        (THIRTEEN, f"Hello! {THIRTEEN}, and tell me its name. I need it for a friend who comes from Spain. "
                   "She has never been here and does not like noise at all", ["shared_text"]),
        ("Play some jazz in here", "Could you go on and play some jazz in here until noon comes and then stop it",
         ["shared_text"]),
        ("Play some jazz", "Could you play some jazz until noon", []),
        ("Reserve a table for two people tonight", "Reserve a table for two people tomorrow", ["similar_query"]),
        ("What is the weather in Oslo now", "What is the price of a ticket", []),
    ],
)  # fmt: skip
def test_questions(held_out, training, expected):
    assert kinds(gate(held_out).check(said(training))) == expected


def test_the_whole_conversation_and_each_message_of_some_length_count():
    held = gate("Book me a flight please", "To Rome", "Thanks")
    assert kinds(held.check(said("Book me a flight, please", "To Rome!", "Thanks"))) == [
        "equal_query", "shared_text", "similar_query",
    ]  # fmt: skip
    assert "equal_query" in kinds(held.check(said("Book me a flight, please", "To Oslo")))
    assert held.check(said("Where is my parcel?", "Thanks")) == []


def parameters(*renamed):
    return [replace(p, name=name) for p, name in zip(SEAT.parameters, renamed, strict=True)]


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (SEAT, ["same_tool"]),
        (replace(SEAT, name="bookSeat", parameters=parameters("trainId", "Window")), ["same_tool"]),
        (replace(SEAT, name="reserve"), ["renamed_tool"]),
        (replace(SEAT, name="reserve", description="Book a seat on a bus for one passenger."), ["renamed_tool"]),
        (replace(SEAT, name="reserve", description="Cancel whatever was ordered."), []),
        (replace(SEAT, name="reserve", parameters=parameters("bus_id", "window")), []),
        (replace(SEAT, parameters=SEAT.parameters[:1]), []),
        (replace(SEAT, name="reserve", parameters=[replace(p, type="string") for p in SEAT.parameters]), []),
        (Tool("list_users", "List all the users of the system."), []),
    ],
)
def test_tools(tool, expected):
    held = gate(tools=[SEAT, Tool("list_files", "List all the files of the system.")])
    assert kinds(held.check(said("Hello there", tools=[tool]))) == expected
    assert held.check(said("Hello there")) == []


def test_tools_may_be_left_out_of_the_comparison():
    held = gate("How are you today my friend", tools=[SEAT], compare_tools=False)
    assert (held.questions, held.tools) == (1, 0)
    assert held.check(said("Hello", tools=[SEAT])) == []


@pytest.fixture
def bfcl(generated, tmp_path):
    """A file in the layout of BFCL: JSON lines called .json, turns of messages, Python's type words."""
    rows = [
        {
            "id": f"live_simple_{i}",
            "question": [[{"role": "user", "content": next(m.content for m in example.messages if m.role == "user")}]],
            "function": [{"name": f"other.tool_{i}", "description": "Does something else.",
                          "parameters": {"type": "dict", "properties": {"amount": {"type": "float"}}}}],
        }
        for i, example in enumerate(generated[:3])
    ]  # fmt: skip
    light = next(tool for tool in EXAMPLE_TOOLS if tool.name == "control_light")
    schema = light.schema() | {"type": "dict"}
    lamp = {"name": "lamp.switch", "description": light.description, "parameters": schema}
    rows.append({"id": "x", "question": [[{"role": "user", "content": "Zzz qqq"}]], "function": [lamp]})
    path = tmp_path / "BFCL_v3_live_simple.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_planted_questions_and_tools_in_the_layout_of_bfcl(generated, bfcl):
    report = ContaminationReport()
    clean = list(without_contamination(generated, Gate.read([bfcl]), report))
    with_light = {i for i, e in enumerate(generated, 1) if any(tool.name == "control_light" for tool in e.tools)}
    assert set(report.by_kind["renamed_tool"]) == with_light
    assert {1, 2, 3} <= set(report.by_kind["equal_query"])
    assert set(report.examples) >= with_light | {1, 2, 3}
    assert clean == [e for i, e in enumerate(generated, 1) if i not in report.examples]
    assert report.first["equal_query"].where == f"{bfcl}, line 1"
    assert report.to_dict()["held_out"] == {"questions": 4, "tools": 4}
    assert report.counts()["renamed_tool"] == len(with_light)


def test_a_dataset_against_itself_and_what_is_left_against_the_same(generated, tmp_path):
    path = tmp_path / "held_out.jsonl"
    write_examples(path, generated[:30])
    questions_only = Gate.read([path], compare_tools=False)
    report = ContaminationReport()
    clean = list(without_contamination(generated, questions_only, report))
    assert set(range(1, 31)) <= set(report.examples)
    assert 150 < len(clean) <= 270
    assert list(without_contamination(clean, questions_only)) == clean
    write_examples(path, generated)
    assert list(without_contamination(generated, Gate.read([path]))) == []


def test_many_questions_and_examples():
    """Every planted question is found among thousands, and nothing else is."""
    rng = Random(1)
    vocabulary = [f"word{i}" for i in range(2000)]
    texts = [" ".join(rng.choices(vocabulary, k=rng.randint(6, 40))) for _ in range(12_000)]
    held = Gate(HeldOut(f"line {i}", (words(text),)) for i, text in enumerate(texts[:4000]))
    training = texts[4000:]
    planted = sorted(rng.sample(range(len(training)), 200))
    for place, question in zip(planted, texts[:200], strict=True):
        training[place] = f"Well, {question.upper()}"
    report = ContaminationReport()
    assert len(list(without_contamination(map(said, training), held, report))) == len(training) - 200
    assert [number - 1 for number in report.examples] == planted
    assert report.counts()["shared_text"] == 200


def test_the_same_generator_with_held_out_wording_shares_no_question():
    examples = list(generate_examples(EXAMPLE_TOOLS, 400, 5, held_out_share=0.25))
    held = [example for example in examples if example.metadata["split"] == "held_out"]
    entries = [HeldOut(str(i), tuple(words(m.content) for m in e.messages if m.role == "user"))
               for i, e in enumerate(held)]  # fmt: skip
    report = ContaminationReport()
    list(without_contamination(examples[:300], Gate(entries), report))
    assert report.counts()["equal_query"] == 0
