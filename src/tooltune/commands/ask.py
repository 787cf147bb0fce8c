"""`tooltune ask`: one question to a tuned model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tooltune.config import ReplyConfig
from tooltune.evaluate import Item, Replies
from tooltune.evaluate.best_of import SPREAD, best_of
from tooltune.evaluate.outputs import collect
from tooltune.pipeline import require_train_extra
from tooltune.progress import console
from tooltune.types import Message, Tool

MAX_NEW_TOKENS = 256


def ask(folder: Path, question: str, config: ReplyConfig, tools: Sequence[Tool] | None = None) -> None:
    """Ask a tuned model one question: print its reply, the parsed calls, their results, its answer.

    Args:
        folder: the output folder of a run.
        question: what the user says.
        config: how it replies.
        tools: those to show the model, in place of the run's own.
    """
    require_train_extra()
    from tooltune.export.save import load_tuned
    from tooltune.generate.world import World
    from tooltune.tools import load_tools

    model, encoder, _ = load_tuned(folder)
    tools = load_tools(folder / "tools.json") if tools is None else tools
    replies = _source(model, encoder, config)
    messages, world = [Message("user", question)], World()
    for _ in range(5):  # a model that calls forever is stopped
        (output,) = collect(replies, [Item("ask", "ask", tuple(messages), tuple(tools), "chat")])
        reply = encoder.parse(output.text)
        console.print(output.text, markup=False)
        if output.failed:
            console.print("(no reply: question and tools are longer than the model's context)", markup=False)
        if reply.error:
            console.print(f"(malformed call: {reply.error})", markup=False)
        if not reply.calls:
            return
        messages.append(Message("assistant", reply.content, reply.calls))
        for call in reply.calls:
            result = world.execute(call, tools)
            console.print(f"\ncall:   {call.name} {json.dumps(dict(call.arguments), ensure_ascii=False)}", markup=False)
            console.print(f"result: {result}\n", markup=False)
            messages.append(Message("tool", result, name=call.name))


def _source(model: Any, encoder: Any, config: ReplyConfig) -> Replies:
    from tooltune.commands.systems import constraints_for
    from tooltune.evaluate import local_replies

    limits = constraints_for(encoder) if config.constrained else None
    source = partial(local_replies, model, encoder, max_new_tokens=MAX_NEW_TOKENS, constraints=limits)
    return best_of(config.best_of, source(), source(temperature=SPREAD), encoder.parse)
