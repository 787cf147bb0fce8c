"""Answers in full: what was asked, what was expected, and what the model wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from tooltune.chat.render import render_message, render_reply
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.scorers import FAILURES
from tooltune.report.markdown import code, fence

WANTED = 3


def samples_section(model: Evaluation) -> str:
    """Three right and three wrong answers, as different from each other as there are."""
    right = [result for result in model.results if result.right]
    wrong = [result for result in model.results if not result.right]
    return "\n\n".join(
        [
            *_samples("right", right, lambda result: result.item.scenario),
            *_samples("wrong", wrong, lambda result: str(result.score.failure)),
        ]
    )


def _samples(kind: str, results: Sequence[ItemResult], group: Callable[[ItemResult], str]) -> list[str]:
    chosen = varied(results, group)
    count = "No" if not results else f"Only {len(results)}" if len(results) < WANTED else f"{WANTED} of {len(results)}"
    heading = f"## {count} {kind} answer{'' if len(results) == 1 else 's'}"
    return [heading, *(_sample(kind, number, result) for number, result in enumerate(chosen, 1))]


def varied(results: Sequence[ItemResult], group: Callable[[ItemResult], str]) -> list[ItemResult]:
    """The first of each group, then the second of each, until there are enough."""
    seen: dict[str, int] = defaultdict(int)
    ranks = []
    for result in results:
        ranks.append(seen[group(result)])
        seen[group(result)] += 1
    order = sorted(range(len(results)), key=lambda i: ranks[i])
    return [results[i] for i in order[:WANTED]]


def _sample(kind: str, number: int, result: ItemResult) -> str:
    item, failure = result.item, result.score.failure
    parts = [
        f"### {kind.capitalize()} {number}: {code(item.scenario)}, item {code(item.id)}",
        f"Tools in view: {', '.join(code(tool.name) for tool in item.tools) or 'none'}",
        "Conversation:\n\n" + fence(_conversation(item)),
        "Expected: " + _expected(item),
        "The model wrote:\n\n" + fence(result.text),
    ]
    if failure:
        detail = f" ({result.reply.error})" if failure == "malformed" and result.reply.error else ""
        parts.append(f"What is wrong: {code(failure)}, {FAILURES[failure]}{detail}.")
    return "\n\n".join(parts)


def _conversation(item: Item) -> str:
    return "\n".join(f"[{message.role}] {render_message(message)}" for message in item.messages)


def _expected(item: Item) -> str:
    if item.outcome == "call":
        calls = "this call" if len(item.calls) == 1 else f"these {len(item.calls)} calls, in any order"
        return f"{calls}\n\n" + fence(render_reply("", item.calls))
    if item.outcome == "ask":
        names = ", ".join(code(name) for name in item.missing) or "what is missing"
        return f"no call, and a question for {names}"
    return "no call, since no tool fits" if item.outcome == "abstain" else "no call, just an answer"
