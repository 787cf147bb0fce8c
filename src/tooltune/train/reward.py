"""How good a sampled reply is, as one number for reinforcement: the evaluation's scorer, in steps. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping

from tooltune.chat.parse import Reply
from tooltune.evaluate.items import Item
from tooltune.evaluate.scorers import score

REWARDS: Mapping[str, float] = {
    "unreadable": 0.0,
    "readable": 0.1,
    "decision": 0.4,
    "tool": 0.7,
    "right": 1.0,
}
"""What a reply earns by how far it gets.

`unreadable`: empty, without an end, or with a call that cannot be read. `readable`: but a call where
words are due, or the other way round. `decision`: it rightly calls, or rightly does not, and no more (another tool; a
question that does not ask for what is missing). `tool`: the expected tools, with wrong arguments.
`right`: what the evaluation counts as right.
"""


def reward(item: Item, reply: Reply, *, truncated: bool = False) -> float:
    """What `reply` earns; `truncated` says that it did not end by itself."""
    verdict = score(item, reply, truncated=truncated)
    if not verdict.well_formed:
        return REWARDS["unreadable"]
    if verdict.failure is None:
        return REWARDS["right"]
    if verdict.right_tool:
        return REWARDS["tool"]
    return REWARDS["decision" if verdict.abstained == (item.outcome != "call") else "readable"]
