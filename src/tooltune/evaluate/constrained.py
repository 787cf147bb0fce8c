"""Constrained decoding of a call's body, after the model's own free decision to call.

Until the reply holds `<tool_call>` nothing is limited, so whether to call stays the model's choice. From there to
the closing tag a grammar allows only: the name of a tool in view, then JSON that fits that tool's schema
(properties in the schema's order, no others unless it says so, whitespace in small amounts). After the
closing tag the reply is free again, to end, to talk, or to open the next call.

The grammar runs in llguidance: its wheel needs neither torch nor triton, which xgrammar's brings along.

Not covered: the native chat formats, and what llguidance leaves out of JSON Schema, such as `not` or look-around
in patterns; where it cannot compile a schema at all, any JSON object is let through, and a notice says so. A
string may be as long as the limit on new tokens, so a reply can still be truncated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tooltune.chat.parse import CLOSE, OPEN
from tooltune.chat.render import render_system
from tooltune.errors import missing_extra
from tooltune.types import Tool

_FORM = {"whitespace_flexible": True, "whitespace_pattern": r"[ \n]{0,24}", "lenient": True}
"""How the JSON may be laid out; `lenient` ignores keywords that llguidance does not know."""


class Constraints:
    """Grammars of tool lists, for one tokenizer."""

    def __init__(self, tokenizer: Any, notice: Callable[[str], None] = lambda text: None) -> None:
        """
        Args:
            tokenizer: a fast tokenizer of transformers.
            notice: told, once for each list of tools, of a schema that cannot be compiled.

        Raises:
            MissingExtraError: llguidance is not installed.
        """
        try:
            from llguidance.hf import from_tokenizer
        except ImportError as error:
            missing_extra("llguidance", "constrained", error)
        self.tokenizer = from_tokenizer(tokenizer, n_vocab=len(tokenizer))
        self._notice = notice
        self._matchers: dict[str, Any] = {}

    def guide(self, tools: Sequence[Tool]) -> CallGuide | None:
        """The guide of one reply; None with no tools in view, where no call could be right."""
        return CallGuide(self, tools) if tools else None

    def matcher(self, tools: Sequence[Tool]) -> Any:
        """A matcher that stands right after `<tool_call>`."""
        from llguidance import LLMatcher

        key = render_system(tools)
        if key not in self._matchers:
            self._matchers[key] = LLMatcher(self.tokenizer, LLMatcher.grammar_from_lark(self._grammar(tools)))
        return self._matchers[key].deep_copy()

    def _grammar(self, tools: Sequence[Tool]) -> str:
        names = " | ".join(f"call_{number}" for number in range(len(tools)))
        # The newline after the closing tag is optional: many tokenizers have a token that holds both.
        lines = [f'start: "\\nname: " ({names}) "\\n{CLOSE}" "\\n"?']
        for number, tool in enumerate(tools):
            head = json.dumps(f"{tool.name}\nparameters: ", ensure_ascii=False)
            lines += [f"call_{number}: {head} body_{number}", f"body_{number}: %json {self._schema(tool)}"]
        return "\n".join(lines)

    def _schema(self, tool: Tool) -> str:
        from llguidance import LLMatcher

        schema = json.dumps({"additionalProperties": False} | tool.schema() | {"x-guidance": _FORM})
        failed, messages = LLMatcher.validate_grammar_with_warnings(
            LLMatcher.grammar_from_lark(f"start: %json {schema}"), self.tokenizer
        )
        if not failed:
            return schema
        self._notice(f"{tool.name}: its schema cannot limit calls ({messages[0].strip().splitlines()[0]})")
        return json.dumps({"type": "object", "x-guidance": _FORM})


class CallGuide:
    """Watches one reply for the opening tag, and limits what follows it; a `choosing.Guide`."""

    def __init__(self, constraints: Constraints, tools: Sequence[Tool]) -> None:
        self._constraints, self._tools = constraints, tools
        self._matcher: Any = None
        self._tail = b""
        """The end of the free text, in which an opening tag may have begun."""

    def allowed(self) -> bytes | None:
        """One byte for each token id, 0 where it may not come next; None while the reply is free."""
        if self._matcher is None:
            return None
        return bytes(self._matcher.compute_logit_bias())

    def accept(self, token: int) -> bool:
        """Take a token. False for one that ends the opening tag and runs on into what is no call."""
        if self._matcher is None:
            return self._accept_free(token)
        self._matcher.consume_token(token)
        if self._matcher.is_accepting() or self._matcher.is_error():
            self._matcher, self._tail = None, b""
        return True

    def _accept_free(self, token: int) -> bool:
        text = self._tail + self._constraints.tokenizer.decode_bytes([token])
        before, opened, body = text.partition(OPEN.encode())
        if not opened:
            self._tail = before[1 - len(OPEN) :]
            return True
        matcher = self._constraints.matcher(self._tools)
        tokens = self._constraints.tokenizer.greedy_tokenize(body.decode(errors="replace"))
        if matcher.try_consume_tokens(tokens) < len(tokens):
            return False
        self._matcher = matcher
        return True
