"""The items as the page's script reads them: small, with every verdict and difference worked out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tooltune.report.html.difference import pair_calls

Data = Mapping[str, Any]


def items_data(data: Data) -> dict[str, Any]:
    """What the list of items is drawn from.

    Args:
        data: report.json.

    Returns:
        `models` (name, label), `tools` (each definition once) and `items`; an item names its tools by number.
    """
    tools: dict[str, int] = {}
    models = {name: model.get("label", name) for name, model in data.get("models", {}).items()}
    items = [_item(item, list(models), tools) for item in data.get("items", ())]
    return {"models": models, "tools": [json.loads(text) for text in tools], "items": items}


def _item(item: Data, models: Sequence[str], tools: dict[str, int]) -> dict[str, Any]:
    schemas = {tool["name"]: tool.get("parameters") for tool in item.get("tools", ())}
    replies = item.get("replies", {})
    shown = {name: _reply(replies[name], item, schemas) for name in models if name in replies}
    return {
        "id": str(item.get("id", "")),
        "scenario": item.get("scenario", ""),
        "expectation": expectation(item),
        "messages": item.get("messages", []),
        "tools": [tools.setdefault(json.dumps(tool), len(tools)) for tool in item.get("tools", ())],
        "calls": item.get("calls", []),
        "replies": shown,
        "verdict": _verdict(shown, models),
        "change": _change(shown, models),
    }


def _reply(reply: Data, item: Data, schemas: Data) -> dict[str, Any]:
    calls = reply["reply"]["calls"]
    return {
        "text": reply["text"],
        "calls": calls,
        "error": reply["reply"].get("error"),
        "failure": reply["score"].get("failure"),
        "pairs": [pair.to_list() for pair in pair_calls(item.get("calls", ()), calls, schemas)],
    }


def compared(models: Sequence[str]) -> tuple[str, str]:
    """The model that the report is about, and the one it is held against: tuned and base where they are there."""
    return ("tuned" if "tuned" in models else models[-1]), ("base" if "base" in models else models[0])


def _verdict(replies: Data, models: Sequence[str]) -> str:
    """Whether the model that the report is about was right."""
    reply = replies.get(compared(models)[0]) if models else None
    return "" if reply is None else "wrong" if reply["failure"] else "right"


def _change(replies: Data, models: Sequence[str]) -> str:
    """What tuning did to the item."""
    if len(models) < 2 or not all(name in replies for name in compared(models)):
        return ""
    after, before = (replies[name]["failure"] is None for name in compared(models))
    return "" if before == after else "fixed" if after else "broken"


def expectation(item: Data) -> str:
    """What the model should do, in words."""
    outcome, count = item.get("outcome"), len(item.get("calls", ()))
    if outcome == "call":
        return "this call" if count == 1 else f"these {count} calls, in any order"
    if outcome == "ask":
        return f"no call, and a question for {', '.join(item.get('missing', ())) or 'what is missing'}"
    return "no call, since no tool fits" if outcome == "abstain" else "no call, just an answer"
