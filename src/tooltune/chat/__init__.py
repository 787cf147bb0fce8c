"""Conversations as text and tokens: rendering, encoding with the mask of trained tokens, parsing."""

from tooltune.chat.encode import Encoded, Encoder, TextEncoder, encode_example
from tooltune.chat.native import NativeEncoder, parse_native
from tooltune.chat.parse import Reply, parse_reply
from tooltune.chat.render import MARKERS, nested, nested_call, render_reply, render_system, render_tool

__all__ = [
    "MARKERS",
    "Encoded",
    "Encoder",
    "NativeEncoder",
    "Reply",
    "TextEncoder",
    "encode_example",
    "nested",
    "nested_call",
    "parse_native",
    "parse_reply",
    "render_reply",
    "render_system",
    "render_tool",
]
