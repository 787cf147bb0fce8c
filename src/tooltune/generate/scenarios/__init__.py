"""The scenarios, one file each, and their shares.

Every file has three functions: `possible(catalogue)`; `needs(catalogue, rng, chosen)`, the tools that
must come into view beside those already chosen; and `build(scene)`, a conversation, or None when
chance gave nothing usable and another try is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tooltune.errors import ConfigError
from tooltune.generate.scenarios import (
    chain,
    chat,
    long_chain,
    many_calls,
    missing_argument,
    multi_turn,
    no_tool,
    parallel,
    relative_date,
    selection,
    single,
    tool_error,
)
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.types import Tool

# Shares of 100; what the given tools do not allow is spread over the rest.
SHARES: dict[str, float] = {
    "single": 20,
    "selection": 20,
    "parallel": 15,
    "many_calls": 5,
    "chain": 10,
    "long_chain": 6,
    "relative_date": 4,
    "missing_argument": 12,
    "multi_turn": 8,
    "no_tool": 12,
    "chat": 5,
    "tool_error": 6,
}


@dataclass(frozen=True)
class Scenario:
    """The three functions of a scenario's file."""

    possible: Callable[[Catalogue], bool]
    needs: Callable[[Catalogue, Random, list[Tool]], list[Tool]]
    build: Callable[[Scene], Draft | None]


SCENARIOS: dict[str, Scenario] = {
    "single": Scenario(single.possible, single.needs, single.build),
    "selection": Scenario(selection.possible, selection.needs, selection.build),
    "parallel": Scenario(parallel.possible, parallel.needs, parallel.build),
    "many_calls": Scenario(many_calls.possible, many_calls.needs, many_calls.build),
    "chain": Scenario(chain.possible, chain.needs, chain.build),
    "long_chain": Scenario(long_chain.possible, long_chain.needs, long_chain.build),
    "relative_date": Scenario(relative_date.possible, relative_date.needs, relative_date.build),
    "missing_argument": Scenario(missing_argument.possible, missing_argument.needs, missing_argument.build),
    "multi_turn": Scenario(multi_turn.possible, multi_turn.needs, multi_turn.build),
    "no_tool": Scenario(no_tool.possible, no_tool.needs, no_tool.build),
    "chat": Scenario(chat.possible, chat.needs, chat.build),
    "tool_error": Scenario(tool_error.possible, tool_error.needs, tool_error.build),
}


def shares_for(catalogue: Catalogue, changed: Mapping[str, float]) -> dict[str, float]:
    """The shares of the scenarios that the tools allow, some of them changed; they sum to 1.

    Raises:
        ConfigError: a name is no scenario's, or nothing is left.
    """
    unknown = sorted(changed.keys() - SHARES.keys())
    if unknown:
        raise ConfigError("--scenario_shares", unknown[0], f"one of {', '.join(SHARES)}")
    wanted = SHARES | dict(changed)
    allowed = {name: share for name, share in wanted.items() if share > 0 and SCENARIOS[name].possible(catalogue)}
    if not allowed:
        raise ConfigError("--scenario_shares", "no share above 0 that these tools allow", "at least one")
    total = sum(allowed.values())
    return {name: share / total for name, share in allowed.items()}
