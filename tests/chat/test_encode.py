"""Exactly what the assistant writes is trained; a prompt is the same at training and inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tooltune import Example, Message, Tool, ToolCall, ToolParameter
from tooltune.chat import MARKERS, Encoded, TextEncoder, encode_example, nested, nested_call, render_tool

TOKENIZERS = ("byte_tokenizer", "mistral_tokenizer")


@pytest.fixture(params=TOKENIZERS)
def encoder(request: pytest.FixtureRequest) -> TextEncoder:
    return TextEncoder(request.getfixturevalue(request.param))


def spans(encoder: TextEncoder, encoded: Encoded) -> list[str]:
    """The text of each run of trained tokens."""
    found: list[list[int]] = []
    before = False
    for token, trained in zip(encoded.input_ids, encoded.trained, strict=True):
        if trained and not before:
            found.append([])
        if trained:
            found[-1].append(token)
        before = trained
    return [encoder.tokenizer.decode(ids) for ids in found]


def test_exactly_the_assistant_is_trained(
    encoder: TextEncoder, conversation: Sequence[Message], tools: list[Tool]
) -> None:
    eos = encoder.tokenizer.eos_token
    assert spans(encoder, encoder.encode(conversation, tools)) == [
        'I\'ll look.\n\n<tool_call>\nname: get_weather\nparameters: {\n  "city": "Oslo"\n}\n</tool_call>' + eos,
        "It is 3 °C in Oslo." + eos,
        "You're welcome." + eos,
    ]


def test_the_text_of_every_role(encoder: TextEncoder, conversation: Sequence[Message], tools: list[Tool]) -> None:
    encoded = encoder.encode(conversation[:5], tools[1:])
    eos = encoder.tokenizer.eos_token
    expected = (
        "<|system|>\nYou can call these tools:\n\n"
        "set_alarm: Set an alarm.\n- time (string, required): Time as HH:MM\n\n"
        'To call a tool, write:\n<tool_call>\nname: tool_name\nparameters: {\n  "parameter": "value"\n}\n'
        "</tool_call>\nAsk for required parameters that are missing. If no tool fits, say so.\n\nBe brief.\n"
        "<|user|>\nWhat's the weather in Oslo?\n<|assistant|>\n"
        'I\'ll look.\n\n<tool_call>\nname: get_weather\nparameters: {\n  "city": "Oslo"\n}\n</tool_call>'
        f'{eos}\n<|tool|>\nname: get_weather\n{{"temperature": 3}}\n<|assistant|>\nIt is 3 °C in Oslo.{eos}'
    )
    text = encoder.tokenizer.decode(encoded.input_ids)
    # SentencePiece writes a space after every special token, in whole texts as well.
    assert text[text.index("<|system|>") :].replace(f"{eos} ", eos) == expected


def test_the_prompt_at_training_is_the_prompt_at_inference(
    encoder: TextEncoder, conversation: Sequence[Message], tools: list[Tool]
) -> None:
    for index, message in enumerate(conversation):
        if message.role != "assistant":
            continue
        prompt = encoder.encode_prompt(conversation[:index], tools)
        whole = encoder.encode(conversation[: index + 1], tools)
        assert whole.input_ids[: len(prompt)] == prompt
        assert not whole.trained[len(prompt) - 1]
        assert all(whole.trained[len(prompt) :])


def test_the_chat_template_gives_the_same_tokens(
    encoder: TextEncoder, conversation: Sequence[Message], tools: list[Tool]
) -> None:
    spoofed = Message("user", "a <|assistant|> b")
    calls = (ToolCall("get_weather", {"city": "<|user|>"}), ToolCall("set_alarm", {"time": "07:00"}))
    longer = [
        *conversation,
        spoofed,
        Message("assistant", "", calls),
        Message("tool", "<|user|> 1", name="get_weather"),
    ]
    encoder.tokenizer.chat_template = encoder.template()
    for messages in (conversation[:2], conversation[:4], conversation[:6], longer, conversation[1:2]):
        for shown in (tools, []):
            ids = encoder.tokenizer.apply_chat_template(
                [_hugging_face(message) for message in messages],
                tools=[nested(tool) for tool in shown] or None,
                add_generation_prompt=True,
            )["input_ids"]
            assert ids == encoder.encode_prompt(messages, shown)


RICH_TOOL = {
    "name": "find.things",
    "description": "Finds things\n\tof all <|user|> kinds.",
    "parameters": {
        "type": "object",
        "properties": {
            "what": {"type": ["string", "null"], "enum": ["a <|tool|>", None], "default": None},
            "where": {"description": "Any\nplace"},
            "filters": {
                "type": "object",
                "description": "",
                "properties": {"size": {"type": "number", "exclusiveMinimum": 0.5}},
                "required": ["size"],
            },
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "description": None},
        },
        "required": ["what", "tags"],
        "$defs": {"tag": {"type": "string", "pattern": "^[a-zé]+$"}},
        "additionalProperties": False,
    },
}

RICH_TOOL_SHOWN = """\
find.things: Finds things of all < |user|> kinds.
- what (["string", "null"], required, enum ["a \\u003c|tool|>", null], default null)
- where (any, optional): Any place
- filters (object, optional, properties {"size": {"type": "number", "exclusiveMinimum": 0.5}}, required ["size"])
- tags (array, required, items {"$ref": "#/$defs/tag"})
$defs {"tag": {"type": "string", "pattern": "^[a-zé]+$"}}
additionalProperties false"""


def test_a_tool_is_shown_as_lines_and_nothing_of_its_schema_is_lost() -> None:
    assert render_tool(Tool.from_dict(RICH_TOOL)) == RICH_TOOL_SHOWN
    assert render_tool(Tool("ping")) == "ping"


def test_the_chat_template_shows_any_tool_alike(encoder: TextEncoder) -> None:
    encoder.tokenizer.chat_template = encoder.template()
    shown = [Tool.from_dict(RICH_TOOL), Tool("ping"), Tool("pong", "Answers.")]
    for given in ([nested(tool) for tool in shown], [{"type": "function", "function": {"name": "ping"}}]):
        ids = encoder.tokenizer.apply_chat_template(
            [{"role": "user", "content": "Hi"}], tools=given, add_generation_prompt=True
        )["input_ids"]
        assert ids == encoder.encode_prompt([Message("user", "Hi")], [Tool.from_dict(tool) for tool in given])


def _hugging_face(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        data["tool_calls"] = [nested_call(call) for call in message.tool_calls]
    return data | ({"name": message.name} if message.name else {})


def test_control_tokens_in_text_stay_plain(encoder: TextEncoder) -> None:
    control = encoder.tokenizer.eos_token
    tool = Tool("f", f"Breaks {control}", [ToolParameter("x", control)])
    messages = [
        Message("system", control),
        Message("user", f"{control} hi {control}"),
        Message("assistant", "", (ToolCall("f", {"x": "1"}),)),
        Message("tool", control, name="f"),
    ]
    assert encoder.encode_prompt(messages, [tool]).count(encoder.eos_id) == 1  # the assistant's own


def test_role_markers_in_text_open_no_turn(encoder: TextEncoder) -> None:
    marked = " ".join(MARKERS)
    tool = Tool("f", marked, [ToolParameter("x", marked)])
    messages = [
        Message("system", marked),
        Message("user", marked),
        Message("assistant", marked, (ToolCall("f", {"x": marked}),)),
        Message("tool", marked, name="f"),
    ]
    text = encoder.tokenizer.decode(encoder.encode_prompt(messages, [tool]))
    assert [text.count(marker) for marker in MARKERS] == [1, 1, 2, 1]


def test_decode_gives_the_reply_back(encoder: TextEncoder, conversation: Sequence[Message], tools: list[Tool]) -> None:
    prompt = encoder.encode_prompt(conversation[:2], tools)
    whole = encoder.encode(conversation[:3], tools).input_ids
    reply = encoder.parse(encoder.decode(whole[len(prompt) :]))
    assert (reply.content, reply.calls, reply.error) == ("I'll look.", conversation[2].tool_calls, None)


def test_a_role_marker_ends_a_reply(encoder: TextEncoder) -> None:
    for marker in MARKERS:
        ids = encoder.tokenizer(f"\nIt rains.\n{marker}\nAnd in Oslo?", add_special_tokens=False)["input_ids"]
        over = [encoder.opens_turn(ids[:count]) for count in range(1, len(ids) + 1)]
        assert encoder.tokenizer.decode(ids[: over.index(True) + 1]).rstrip().endswith(marker)
        assert encoder.decode(ids).strip() == "It rains."
    plain = encoder.tokenizer("a < |user|> <user> | b", add_special_tokens=False)["input_ids"]
    assert not any(encoder.opens_turn(plain[:count]) for count in range(1, len(plain) + 1))


def test_padding_is_never_the_end_of_turn(encoder: TextEncoder) -> None:
    assert encoder.pad_id not in encoder.end_ids


def test_too_long_examples_lose_unused_tools_first_then_old_turns(
    byte_tokenizer: Any, conversation: Sequence[Message], tools: list[Tool]
) -> None:
    encoder = TextEncoder(byte_tokenizer)
    example = Example(tuple(conversation), tuple(tools))
    full = len(encoder.encode(conversation, tools).input_ids)
    one_tool = len(encoder.encode(conversation, tools[:1]).input_ids)
    last_turn = [conversation[0], *conversation[5:]]

    whole = encode_example(encoder, example, full)
    assert whole is not None
    assert (whole.tools_dropped, whole.turns_dropped) == (0, 0)

    fewer_tools = encode_example(encoder, example, full - 1)
    assert fewer_tools is not None
    assert (fewer_tools.tools_dropped, fewer_tools.turns_dropped) == (1, 0)
    assert fewer_tools.input_ids == encoder.encode(conversation, tools[:1]).input_ids

    fewer_turns = encode_example(encoder, example, one_tool - 1)
    assert fewer_turns is not None
    assert fewer_turns.turns_dropped == 1
    assert fewer_turns.input_ids == encoder.encode(last_turn, tools[:1]).input_ids

    assert encode_example(encoder, example, 10) is None


def test_an_example_without_an_assistant_has_nothing_to_train(byte_tokenizer: Any, tools: list[Tool]) -> None:
    assert encode_example(TextEncoder(byte_tokenizer), Example((Message("user", "hi"),), tuple(tools)), 999) is None
