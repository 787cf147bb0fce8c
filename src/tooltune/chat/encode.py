"""From an example to token ids and the mask of trained tokens, in one pass and in one place.

A conversation becomes segments of text; each is tokenised by itself and is either wholly trained
or not at all. Trained is what the assistant writes: its text, its calls, its end of turn.
Everything else (tools, system, user, results, role markers) is not. A prompt at inference is the
same list of segments, cut after the last `<|assistant|>` marker, so it equals the prompt at training
token for token.

Building the mask from segments, rather than from a template's `{% generation %}` spans, cannot
lose or add a token at the edges of a span.

Not covered: images and audio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tooltune.chat.parse import Reply, parse_reply
from tooltune.chat.render import before_marker, render_message, render_reply, render_system, split_system
from tooltune.chat.template import chat_template
from tooltune.types import Example, Message, Tool


@dataclass(frozen=True)
class Segment:
    """A piece of text. One that is trained is followed by the end-of-turn token."""

    text: str
    trained: bool = False


@dataclass(frozen=True)
class Encoded:
    """An encoded example.

    Attributes:
        input_ids: token ids, shape (length,).
        trained: True for each token the model learns to write, shape (length,).
        tools_dropped: distractor tools left out to fit the maximum length.
        turns_dropped: old user turns left out to fit the maximum length.
    """

    input_ids: list[int]
    trained: list[bool]
    tools_dropped: int = 0
    turns_dropped: int = 0


class Encoder(Protocol):
    """What training and evaluation need of a chat format; see `TextEncoder`."""

    pad_id: int
    end_ids: frozenset[int]

    def encode(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Encoded: ...
    def encode_prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> list[int]: ...
    def decode(self, ids: Sequence[int]) -> str: ...
    def opens_turn(self, ids: Sequence[int]) -> bool: ...
    def parse(self, text: str) -> Reply: ...


def segments(messages: Sequence[Message], tools: Sequence[Tool]) -> Iterator[Segment]:
    """The segments of a conversation in the documented format, each turn's own.

    A reply's segment is followed by the end-of-turn token, which the encoder adds.
    """
    system, rest = split_system(messages)
    head = render_system(tools, system)
    pending = f"<|system|>\n{head}\n" if head else ""
    for message in rest:
        pending += f"<|{message.role}|>\n"
        if message.role == "assistant":
            yield Segment(pending)
            yield Segment(render_reply(message.content, message.tool_calls), trained=True)
            pending = "\n"
        else:
            pending += render_message(message) + "\n"
    if pending != "\n":
        yield Segment(pending)


class TextEncoder:
    """Encodes the documented format with any Hugging Face tokenizer.

    Text is tokenised with special tokens split, so that `<|im_end|>` or `</s>` in a user's text is
    plain text, and never the control token.
    """

    _MARKER_TOKENS = 16
    """More tokens than a role marker has in any tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.eos_id = int(tokenizer.eos_token_id)
        self.end_ids = frozenset({self.eos_id})
        self.pad_id = pad_id(tokenizer)
        self._bos = _bos(tokenizer)
        self._newline = self._plain("\n")
        # Some SentencePiece tokenizers write a space before whatever follows a special token.
        after_eos = tokenizer(tokenizer.eos_token + "\n", add_special_tokens=False)["input_ids"][1:]
        self._anchor_after_eos = list(after_eos) != self._newline

    def template(self) -> str:
        """The chat template that renders the same prompts in other servers."""
        return chat_template(add_bos=bool(self._bos))

    def encode(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Encoded:
        """Ids and mask of a whole conversation."""
        return self._encode(list(segments(messages, tools)))

    def encode_prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> list[int]:
        """Ids of a prompt, up to and with the marker after which the assistant writes."""
        with_reply = list(segments([*messages, Message("assistant")], tools))
        return self._encode(with_reply[:-1]).input_ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a reply, without its end-of-turn token and what follows a role marker."""
        kept = [token for token in ids if token not in self.end_ids and token != self.pad_id]
        return before_marker(str(self.tokenizer.decode(kept, clean_up_tokenization_spaces=False)))

    def opens_turn(self, ids: Sequence[int]) -> bool:
        """Whether a reply so far ends with a role marker, which no reply holds: the turn is over."""
        end = str(self.tokenizer.decode(list(ids[-self._MARKER_TOKENS :])))
        return before_marker(end) != end

    def parse(self, text: str) -> Reply:
        return parse_reply(text)

    def _encode(self, parts: Sequence[Segment]) -> Encoded:
        ids, trained = list(self._bos), [False] * len(self._bos)
        for index, segment in enumerate(parts):
            new = self._ids(segment, first=index == 0)
            ids += new
            trained += [segment.trained] * len(new)
        return Encoded(ids, trained)

    def _ids(self, segment: Segment, first: bool) -> list[int]:
        if segment.trained:
            return [*self._ids_anchored(segment.text), self.eos_id]
        if first or not self._anchor_after_eos:
            return self._plain(segment.text)
        return self._ids_anchored(segment.text)

    def _ids_anchored(self, text: str) -> list[int]:
        """Ids of text that stands after a newline, as the whole text would be tokenised."""
        ids = self._plain("\n" + text)
        if ids[: len(self._newline)] == self._newline:
            return ids[len(self._newline) :]
        return self._plain(text)

    def _plain(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def encode_example(encoder: Encoder, example: Example, max_length: int) -> Encoded | None:
    """Encode an example, shortened where it is longer than `max_length` tokens.

    Tools that are not called go first (the last one first), then the oldest turns. The last
    user turn and what follows it, the target, always stays.

    Returns:
        None when it cannot be made to fit, or when it has nothing to train.
    """
    encoded = encoder.encode(example.messages, example.tools)
    if len(encoded.input_ids) > max_length:
        encoded = _shorten(encoder, example, max_length, encoded)
    if len(encoded.input_ids) > max_length or not any(encoded.trained):
        return None
    return encoded


def _shorten(encoder: Encoder, example: Example, max_length: int, encoded: Encoded) -> Encoded:
    messages, tools = list(example.messages), list(example.tools)
    tools_dropped = turns_dropped = 0
    called = {call.name for message in messages for call in message.tool_calls}
    while len(encoded.input_ids) > max_length:
        spare = [index for index, tool in enumerate(tools) if tool.name not in called]
        if spare and (len(tools) > 1 or not called):
            tools.pop(spare[-1])
            tools_dropped += 1
        elif (turn := _oldest_turn(messages)) is not None:
            del messages[turn]
            turns_dropped += 1
        else:
            break
        encoded = encoder.encode(messages, tools)
    return replace(encoded, tools_dropped=tools_dropped, turns_dropped=turns_dropped)


def _oldest_turn(messages: Sequence[Message]) -> slice | None:
    """The oldest user turn with all that answers it, unless it is the last one."""
    users = [index for index, message in enumerate(messages) if message.role == "user"]
    return slice(users[0], users[1]) if len(users) > 1 else None


def pad_id(tokenizer: Any) -> int:
    """A token to pad with that is not the end of turn, which must stay trainable."""
    candidates = (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.bos_token_id)
    return next((int(i) for i in candidates if i is not None and i != tokenizer.eos_token_id), 0)


def _bos(tokenizer: Any) -> list[int]:
    """What the tokenizer itself puts before every text: its bos token, or nothing."""
    ids = tokenizer("")["input_ids"]
    return [i for i in ids if i == tokenizer.bos_token_id][:1]
