"""`tooltune ask`: one question to a tuned model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tooltune.pipeline import console, require_train_extra
from tooltune.types import Message, Tool


def ask(
    folder: Path,
    question: str,
    tools: Sequence[Tool] | None = None,
    constrained: bool = False,
    max_new_tokens: int = 256,
) -> None:
    """Ask a tuned model one question: print its reply, the parsed calls, their results, its answer.

    Args:
        folder: the output folder of a run.
        question: what the user says.
        tools: those to show the model, in place of the run's own.
        constrained: whether a call that is begun is kept to a tool in view and its schema.
        max_new_tokens: limit of each reply, in tokens.
    """
    require_train_extra()
    from tooltune.commands.systems import constraints_for
    from tooltune.evaluate import generate_replies
    from tooltune.export.save import load_tuned
    from tooltune.generate.world import World
    from tooltune.tools import load_tools

    model, encoder, _ = load_tuned(folder)
    tools = load_tools(folder / "tools.json") if tools is None else tools
    constraints = constraints_for(encoder) if constrained else None
    messages, world = [Message("user", question)], World()
    for _ in range(5):  # a model that calls forever is stopped
        prompt = encoder.encode_prompt(messages, tools)
        generation = generate_replies(
            model,
            [prompt],
            end_ids=encoder.end_ids,
            pad_id=encoder.pad_id,
            max_new_tokens=max_new_tokens,
            guides=[constraints.guide(tools)] if constraints else None,
            stop=encoder.opens_turn,
        )[0]
        text = encoder.decode(generation.ids)
        reply = encoder.parse(text)
        console.print(text, markup=False)
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
