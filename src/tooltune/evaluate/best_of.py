"""The best of several replies by rule: one that says nothing but what was said, and uses it (`doubts`).

A small model often knows the right call and misspells a name in it, or adds an argument that nobody asked for. Such a
reply can be told without knowing the right one, as generated data is checked. What a rule can mend is mended (`mend`).
Where doubts remain, others are sampled, and the one with the fewest is taken: best-of-n sampling with a
verifier (Cobbe et al. 2021, arXiv:2110.14168) that is a set of rules. A reply without doubts costs nothing more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from tooltune.chat.parse import Reply
from tooltune.chat.render import render_reply
from tooltune.evaluate.doubts import doubts
from tooltune.evaluate.items import Item
from tooltune.evaluate.mend import mended
from tooltune.evaluate.outputs import Finished, Output, Replies, collect
from tooltune.evaluate.scorers import sound

SPREAD = 0.7
"""Temperature of the samples, where none is given."""


def best_of(tries: int, first: Replies, again: Replies, parse: Callable[[str], Reply]) -> Replies:
    """A source that asks `again` too where the first reply is in doubt, and gives the best of all.

    A first reply that cannot be read stays: a model that does not know the format seldom hits it by chance.

    Args:
        tries: replies to an item, at most; 1 gives `first` back.
        first: whose reply stands unless another one is better.
        again: where the others are sampled; asked for an item under `id#number`, with `sample` set to the number.
        parse: reads a raw reply.
    """

    def ask(items: Sequence[Item], finished: Finished) -> None:
        doubtful: dict[int, list[Output]] = {}

        def look(place: int, output: Output) -> None:
            output = _mended(items[place], output, parse)
            if not output.truncated and doubts(items[place], sound(parse(output.text))):
                doubtful[place] = [output]
            else:
                finished(place, output)

        first(items, look)
        wanted = [(place, number) for place in doubtful for number in range(1, tries)]
        others = [replace(items[p], id=f"{items[p].id}#{number}", sample=number) for p, number in wanted]
        for (place, _), output in zip(wanted, collect(again, others) if others else (), strict=True):
            doubtful[place].append(_mended(items[place], output, parse))
        for place, outputs in doubtful.items():
            finished(place, _best(items[place], outputs, parse))

    return ask if tries > 1 else first


def _mended(item: Item, output: Output, parse: Callable[[str], Reply]) -> Output:
    """The output mended by rule, where that leaves fewer doubts."""
    reply = sound(parse(output.text))
    if reply.error or output.truncated or not (found := doubts(item, reply)):
        return output
    better = mended(item, reply)
    if len(doubts(item, better)) >= len(found):
        return output
    text = render_reply(better.content, better.calls)
    # A model that calls in another format reads this one otherwise, and keeps its own words.
    return replace(output, text=text) if sound(parse(text)).calls == better.calls else output


def _best(item: Item, outputs: Sequence[Output], parse: Callable[[str], Reply]) -> Output:
    """A readable one with the fewest doubts; of those the one that came most often, and of those the first.

    Words leave nothing to doubt. They win over a doubtful call where they came at least as often as any call: a model
    that hardly ever keeps from calling means to call.
    """
    replies = [sound(parse(output.text)) for output in outputs]
    votes = Counter(_key(reply) for reply in replies)
    most = max((count for key, count in votes.items() if key), default=0)

    def order(place: int) -> tuple[Any, ...]:
        reply = replies[place]
        key = _key(reply)
        unreadable, outvoted = bool(outputs[place].truncated or reply.error), not key and votes[key] < most
        return unreadable, outvoted, len(doubts(item, reply)), -votes[key], place

    best = outputs[min(range(len(outputs)), key=order)]
    return replace(best, tokens=_sum(o.tokens for o in outputs), seconds=_sum(o.seconds for o in outputs))


def _key(reply: Reply) -> str:
    """The same for replies that call the same; empty for words."""
    return json.dumps([call.to_dict() for call in reply.calls], sort_keys=True) if reply.calls else ""


def _sum(numbers: Iterable[Any]) -> Any:
    """What all tries cost together; None where one does not say."""
    known = list(numbers)
    return None if None in known else sum(known)
