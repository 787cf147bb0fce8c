"""The model's own chat template (`--chat_format native`), where it supports tools.

Segments come from rendering the conversation twice, with and without a reply: the reply is what
the second text adds. Control tokens inside the text of users and tools are broken up before the
template sees them, so that they stay plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tooltune.chat.encode import Encoded, pad_id
from tooltune.chat.parse import Reply, decode_json
from tooltune.chat.render import nested, nested_call
from tooltune.errors import ModelError
from tooltune.types import Message, Tool, ToolCall, ToolParameter

_PROBE_TOOL = Tool("probe_tool", "Probe.", [ToolParameter("probe_parameter", "Probe.", "string")])
_PROBE = (
    Message("user", "probe question"),
    Message("assistant", "", (ToolCall("probe_tool", {"probe_parameter": "probe value"}),)),
    Message("tool", "probe result", name="probe_tool"),
    Message("assistant", "probe answer"),
)
_PROBE_TEXTS = ("probe question", "probe_parameter", "probe value", "probe result", "probe answer")


class NativeEncoder:
    """Encodes with the tokenizer's chat template.

    Raises:
        ModelError: the template is missing, or drops tools, calls or results.
    """

    def __init__(self, tokenizer: Any, model_name: str) -> None:
        self.tokenizer, self.model_name = tokenizer, model_name
        self.pad_id = pad_id(tokenizer)
        self._controls = sorted(set(tokenizer.all_special_tokens), key=len, reverse=True)
        self._check_template()
        self._end = self._end_of_turn()
        self.end_ids = frozenset(tokenizer.convert_tokens_to_ids([self._end, tokenizer.eos_token]))

    def template(self) -> str:
        """The model's own template."""
        return str(self.tokenizer.chat_template)

    def encode(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Encoded:
        """Ids and mask of a whole conversation."""
        ids: list[int] = []
        trained: list[bool] = []
        done = ""
        for index, message in enumerate(messages):
            if message.role != "assistant":
                continue
            prompt, whole = self._reply(messages, index, tools)
            parts = ((_added(done, prompt, self.model_name), False), (whole[len(prompt) :], True))
            for text, train in parts:
                new = self._tokens(text)
                ids += new
                trained += [train] * len(new)
            done = whole
        return Encoded(ids, trained)

    def encode_prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> list[int]:
        """Ids of a prompt; earlier replies are cut at the same places as at training."""
        head = self.encode(messages, tools).input_ids
        rest = self._render(messages, tools, prompt=True)
        last = max((i for i, m in enumerate(messages) if m.role == "assistant"), default=-1)
        if last < 0:
            return self._tokens(rest)
        _, done = self._reply(messages, last, tools)
        return head + self._tokens(_added(done, rest, self.model_name))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a reply, without its end-of-turn token."""
        kept = [token for token in ids if token not in self.end_ids and token != self.pad_id]
        return str(self.tokenizer.decode(kept, clean_up_tokenization_spaces=False))

    def opens_turn(self, ids: Sequence[int]) -> bool:
        """Never: a native format's turns end with control tokens alone."""
        return False

    def parse(self, text: str) -> Reply:
        return parse_native(text)

    def _reply(self, messages: Sequence[Message], index: int, tools: Sequence[Tool]) -> tuple[str, str]:
        """The prompt of a reply, and the same with the reply up to its end of turn."""
        prompt = self._render(messages[:index], tools, prompt=True)
        whole = self._render(messages[: index + 1], tools)
        end = _added(prompt, whole, self.model_name).find(self._end)
        return prompt, whole if end < 0 else whole[: len(prompt) + end + len(self._end)]

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _render(self, messages: Sequence[Message], tools: Sequence[Tool], prompt: bool = False) -> str:
        plain = self._plain
        return str(
            self.tokenizer.apply_chat_template(
                [_nested_message(message, plain) for message in messages],
                tools=[_map_strings(nested(tool), plain) for tool in tools] or None,
                add_generation_prompt=prompt,
                tokenize=False,
            )
        )

    def _plain(self, text: str) -> str:
        """Text with the control tokens in it broken up by a space."""
        for control in self._controls:
            text = text.replace(control, control[:1] + " " + control[1:])
        return text

    def _check_template(self) -> None:
        fix = "Leave out --chat_format native: the documented format works with every model."
        if not self.tokenizer.chat_template:
            raise ModelError(self.model_name, "it has no chat template", "one that supports tools", fix)
        try:
            text = self._render(_PROBE, [_PROBE_TOOL])
        except Exception as error:  # whatever a foreign template raises, it cannot be used
            raise ModelError(self.model_name, f"its chat template fails on tools ({error})", fix=fix) from error
        lost = [probe for probe in _PROBE_TEXTS if probe not in text]
        if lost:
            raise ModelError(
                self.model_name, f"its chat template does not support tools: it drops {lost[0]!r}", fix=fix
            )

    def _end_of_turn(self) -> str:
        """The control token that ends a reply: the first one after the probe's answer, or eos."""
        text = self._render(_PROBE, [_PROBE_TOOL])
        tail = text[text.rfind("probe answer") + len("probe answer") :].strip()
        return next((c for c in self._controls if tail.startswith(c)), str(self.tokenizer.eos_token))


def parse_native(text: str) -> Reply:
    """Calls from the native formats in use: Hermes and Qwen, Mistral, Llama 3 JSON.

    A call is a JSON object with `name` and `arguments` (or `parameters`), or a list of them, alone
    or after an opening tag. Never raises.
    """
    match = _NATIVE_OPEN.search(text)
    if match is None:
        return Reply(text.strip())
    content, position, calls = text[: match.start()].strip(), match.start(), []
    while match := _NATIVE_OPEN.match(text, position):
        try:
            value, position = decode_json(text, match.end())
            calls += [_native_call(entry) for entry in (value if isinstance(value, list) else [value])]
        except ValueError as error:
            return Reply(content, tuple(calls), str(error))
        position = _NATIVE_CLOSE.match(text, position).end()  # type: ignore[union-attr]
    rest = text[position:].strip()
    return Reply(f"{content}\n{rest}".strip(), tuple(calls))


_NATIVE_OPEN = re.compile(
    r"\s*(?:<tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|<\|tool_call\|>|(?=[\[{]\s*[{\"]?\s*\"?(?:name|type)\"))\s*"
)
_NATIVE_CLOSE = re.compile(r"\s*(?:</tool_call>|;)?\s*")


def _native_call(value: Any) -> ToolCall:
    entry = value.get("function", value) if isinstance(value, dict) else None
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError("a call without a name")
    arguments = entry.get("arguments", entry.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = decode_json(arguments, 0)[0]
    if not isinstance(arguments, dict):
        raise ValueError("the arguments are not a JSON object")
    return ToolCall(entry["name"], arguments)


def _nested_message(message: Message, plain: Callable[[str], str]) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "content": plain(message.content)}
    if message.tool_calls:
        data["tool_calls"] = [_map_strings(nested_call(call), plain) for call in message.tool_calls]
    if message.name is not None:
        data["name"] = plain(message.name)
    return data


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(key): _map_strings(item, change) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [_map_strings(item, change) for item in value]
    return value


def _added(before: str, after: str, model_name: str) -> str:
    if not after.startswith(before):
        raise ModelError(
            model_name,
            "its chat template rewrites earlier turns, so a reply cannot be told from its prompt",
            fix="Leave out --chat_format native: the documented format works with every model.",
        )
    return after[len(before) :]
