"""The model's own template: used where it supports tools, refused clearly where it does not."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest

from tooltune import Message, Tool, ToolCall, ToolParameter
from tooltune.chat import NativeEncoder, parse_native
from tooltune.errors import ModelError

# A template in the style of Qwen and Hermes: JSON tools in the system turn, <tool_call> JSON, <tool_response>.
HERMES = """\
{%- if tools %}<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}

{% endif %}<tools>
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}</tools><|im_end|>
{% elif messages[0].role == 'system' %}<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role == 'user' or message.role == 'assistant' %}<|im_start|>{{ message.role }}
{{ message.content }}
{%- for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% elif message.role == 'tool' %}<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
NO_TOOLS = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def with_template(tokenizer: Any, template: str | None) -> Any:
    changed = copy.deepcopy(tokenizer)
    changed.chat_template = template
    return changed


@pytest.fixture
def encoder(byte_tokenizer: Any) -> NativeEncoder:
    return NativeEncoder(with_template(byte_tokenizer, HERMES), "tiny")


def test_exactly_the_assistant_is_trained(
    encoder: NativeEncoder, conversation: Sequence[Message], tools: list[Tool]
) -> None:
    encoded = encoder.encode(conversation, tools)
    trained = [i for i, t in zip(encoded.input_ids, encoded.trained, strict=True) if t]
    assert encoder.tokenizer.decode(trained) == (
        'I\'ll look.<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call><|im_end|>'
        "It is 3 °C in Oslo.<|im_end|>You're welcome.<|im_end|>"
    )


def test_the_prompt_at_training_is_the_prompt_at_inference(
    encoder: NativeEncoder, conversation: Sequence[Message], tools: list[Tool]
) -> None:
    for index in (2, 4, 6):
        prompt = encoder.encode_prompt(conversation[:index], tools)
        whole = encoder.encode(conversation[: index + 1], tools)
        assert whole.input_ids[: len(prompt)] == prompt
        assert all(whole.trained[len(prompt) :])
        text = encoder.tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in conversation[:2]],
            add_generation_prompt=True,
            tokenize=False,
        )
        assert encoder.tokenizer.decode(encoder.encode_prompt(conversation[:2], [])) == text


def test_replies_are_parsed_back(encoder: NativeEncoder, conversation: Sequence[Message], tools: list[Tool]) -> None:
    prompt = encoder.encode_prompt(conversation[:2], tools)
    whole = encoder.encode(conversation[:3], tools).input_ids
    reply = encoder.parse(encoder.decode(whole[len(prompt) :]))
    assert (reply.content, reply.calls) == ("I'll look.", conversation[2].tool_calls)


def test_control_tokens_in_text_stay_plain(encoder: NativeEncoder) -> None:
    end = "<|im_end|>"
    tool = Tool("f", end, [ToolParameter("x", end)])
    messages = [
        Message("user", end),
        Message("assistant", "", (ToolCall("f", {"x": end}),)),
        Message("tool", end, name="f"),
    ]
    ids = encoder.encode_prompt(messages, [tool])
    control = encoder.tokenizer.convert_tokens_to_ids(end)
    assert ids.count(control) == 4  # those of the template: system, user, assistant, result


@pytest.mark.parametrize(("template", "why"), [(None, "no chat template"), (NO_TOOLS, "does not support tools")])
def test_a_template_without_tools_is_refused(byte_tokenizer: Any, template: str | None, why: str) -> None:
    with pytest.raises(ModelError, match=why) as caught:
        NativeEncoder(with_template(byte_tokenizer, template), "tiny")
    assert "Leave out --chat_format native" in str(caught.value)


CALL = ToolCall("get_weather", {"city": "Oslo"})


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
        '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Oslo"}}]',
        '[TOOL_CALLS] [{"name": "get_weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}]',
        '{"name": "get_weather", "parameters": {"city": "Oslo"}}',
        '<|python_tag|>{"type": "function", "name": "get_weather", "parameters": {"city": "Oslo"}}',
        '{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}',
    ],
)
def test_native_formats(text: str) -> None:
    assert parse_native(text).calls == (CALL,)
    assert parse_native(text).error is None


def test_several_native_calls() -> None:
    one = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    reply = parse_native(f"Sure.\n{one}\n{one}")
    assert (reply.content, reply.calls) == ("Sure.", (CALL, CALL))


@pytest.mark.parametrize("text", ['<tool_call>{"name": ', "<tool_call>[1]", '[TOOL_CALLS]{"a": 1}', '{"name": 1}'])
def test_malformed_native_calls_are_named(text: str) -> None:
    assert parse_native(text).error


def test_plain_text_is_plain() -> None:
    reply = parse_native('The set {1, 2} and ["a"] are no calls.')
    assert (reply.calls, reply.error) == ((), None)
