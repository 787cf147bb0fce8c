"""After `<tool_call>` a random model can only write a call that fits; before it nothing is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from tooltune import Message, Tool, ToolCall, ToolParameter
from tooltune.chat import TextEncoder, parse_reply, render_reply
from tooltune.evaluate import Item, generate_replies, local_replies
from tooltune.evaluate.constrained import CallGuide, Constraints

LIGHT = Tool(
    "home.set_light",
    "Set a light.",
    [
        ToolParameter("room", "Room", "string", required=True, enum=["hall", "kitchen", "bath room"]),
        ToolParameter("on", "On or off", "boolean", required=True),
        ToolParameter("level", "Level", "integer", minimum=0, maximum=9),
        ToolParameter("days", "Days", "array", items={"enum": ["mo", "tu"]}, extra={"maxItems": 2}),
    ],
)
STOP = Tool("stop", "Stop everything.")
NOTE = Tool("note", "Note", [ToolParameter("text", "Text", "string", required=True, pattern="^(?=a)b")])
TOOLS = (LIGHT, STOP)


@pytest.fixture(scope="module")
def encoder(byte_tokenizer: Any) -> TextEncoder:
    return TextEncoder(byte_tokenizer)


@pytest.fixture(scope="module")
def constraints(byte_tokenizer: Any) -> Constraints:
    return Constraints(byte_tokenizer)


def write(guide: CallGuide, encoder: TextEncoder, text: str) -> str:
    """The beginning of `text` that the guide lets through."""
    ids = list(encoder.tokenizer(text, add_special_tokens=False)["input_ids"])
    for place, token in enumerate(ids):
        allowed = guide.allowed()
        if (allowed is not None and not allowed[token]) or not guide.accept(token):
            return encoder.decode(ids[:place])
    return text


CALL = render_reply("Done.", [ToolCall("home.set_light", {"room": "bath room", "on": True})])
REFUSED = {
    "another name": CALL.replace("set_light", "set_lamp"),
    "a value that is not allowed": CALL.replace("bath", "living"),
    "a string for a boolean": CALL.replace("true", '"true"'),
    "a required argument left out": CALL.replace(',\n  "on": true', ""),
    "an invented argument": CALL.replace('"on"', '"colour": 1,\n  "on"'),
    "no newline after the tag": CALL.replace("<tool_call>\n", "<tool_call>x"),
    "a block that does not close": CALL.replace("</tool_call>", "</tool>"),
}


def test_what_the_renderer_writes_is_let_through(constraints: Constraints, encoder: TextEncoder) -> None:
    whole = {"room": "hall", "on": False, "level": 3, "days": ["mo", "tu"]}
    several = render_reply("</tool_call> <tool_", [ToolCall("home.set_light", whole), ToolCall("stop")])
    for text in (CALL, several, several + "\nDone.", "No call {]", CALL.replace("\n  ", " ")):
        assert write(constraints.guide(TOOLS), encoder, text) == text  # type: ignore[arg-type]
    assert constraints.guide(()) is None


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_no_fitting_call_is_stopped(constraints: Constraints, encoder: TextEncoder, text: str) -> None:
    guide = constraints.guide(TOOLS)
    assert guide is not None
    assert len(write(guide, encoder, text)) < len(text)


def test_a_schema_that_cannot_be_compiled_is_met_as_an_object(byte_tokenizer: Any, encoder: TextEncoder) -> None:
    notices: list[str] = []
    constraints = Constraints(byte_tokenizer, notices.append)
    text = render_reply("", [ToolCall("note", {"text": "b"})])
    assert write(CallGuide(constraints, [NOTE]), encoder, text) == text
    (notice,) = notices
    assert notice.startswith("note: ")
    assert "failed to compile JSON schema" in notice


def test_a_sentencepiece_tokenizer(mistral_tokenizer: Any) -> None:
    constraints, encoder = Constraints(mistral_tokenizer), TextEncoder(mistral_tokenizer)
    assert write(CallGuide(constraints, TOOLS), encoder, CALL) == CALL
    assert all(len(write(CallGuide(constraints, TOOLS), encoder, text)) < len(text) for text in REFUSED.values())


class Eager:
    """A guide that makes a random model start a call; from there on the real guide decides."""

    def __init__(self, guide: CallGuide, ids: list[int], size: int) -> None:
        self.guide, self.ids, self.size = guide, list(ids), size

    def allowed(self) -> bytes | None:
        if not self.ids:
            return self.guide.allowed()
        return bytes(200 * (token == self.ids[0]) for token in range(self.size))

    def accept(self, token: int) -> bool:
        if self.ids and token == self.ids[0]:
            self.ids.pop(0)
        return self.guide.accept(token)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_every_call_of_a_random_model_parses_and_fits(
    tiny_model: Callable[..., Any], constraints: Constraints, encoder: TextEncoder, temperature: float
) -> None:
    size = len(encoder.tokenizer)
    model = tiny_model("Llama", vocab_size=size + 7, initializer_range=0.4)
    prompts = [encoder.encode_prompt([Message("user", f"Light {n}")], TOOLS) for n in range(12)]
    opening = list(encoder.tokenizer("<tool_call>", add_special_tokens=False)["input_ids"])
    guides = [Eager(CallGuide(constraints, TOOLS), opening if n % 3 else [], size) for n in range(12)]
    settings = {"end_ids": encoder.end_ids, "pad_id": encoder.pad_id, "max_new_tokens": 120, "batch_size": 5}
    settings |= {"temperature": temperature, "seed": 4}
    free = generate_replies(model, prompts, **settings)
    replies = generate_replies(model, prompts, guides=guides, **settings)
    calls = 0
    for number, reply in enumerate(replies):
        if number % 3 == 0:
            assert reply == free[number], "a row that starts no call is as without constraints"
            continue
        text = encoder.decode(reply.ids)
        block = text[: text.index("</tool_call>") + len("</tool_call>")]
        (call,) = parse_reply(block).calls
        schema = {tool.name: tool.schema() | {"additionalProperties": False} for tool in TOOLS}[call.name]
        assert jsonschema_rs.is_valid(schema, dict(call.arguments))
        calls += 1
    assert calls == 8


def test_a_source_with_constraints(
    tiny_model: Callable[..., Any], constraints: Constraints, encoder: TextEncoder
) -> None:
    model = tiny_model("Llama", vocab_size=len(encoder.tokenizer))
    items = [Item(str(n), "s", (Message("user", f"Light {n}"),), TOOLS if n else (), "chat") for n in range(4)]
    texts: list[dict[int, str]] = []
    for limits in (None, constraints):
        found: dict[int, str] = {}
        replies = local_replies(model, encoder, max_new_tokens=12, constraints=limits)
        replies(items, lambda place, output, found=found: found.update({place: output.text}))
        texts.append(found)
    assert texts[0] == texts[1]
    assert len(texts[0]) == 4
