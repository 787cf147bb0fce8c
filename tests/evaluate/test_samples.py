from itertools import combinations
from math import comb

import pytest

from tooltune import Message
from tooltune.chat.parse import parse_reply
from tooltune.evaluate import Evaluation, Item, Output
from tooltune.evaluate.samples import costs, pass_hat_k, pass_table


@pytest.mark.parametrize("right", range(6))
@pytest.mark.parametrize("k", range(1, 6))
def test_pass_hat_k_counts_the_draws_that_are_all_right(right: int, k: int) -> None:
    samples = [number < right for number in range(5)]
    draws = [all(draw) for draw in combinations(samples, k)]
    assert pass_hat_k(right, 5, k) == sum(draws) / comb(5, k)


ITEMS = [Item(str(n), "chat" if n else "other", (Message("user", "hi"),), (), "chat") for n in range(3)]


def run(*right: bool) -> Evaluation:
    outputs = [Output("x", seconds=n + 1.0, tokens=4) if ok else Output() for n, ok in enumerate(right)]
    return Evaluation.of("m", ITEMS, outputs, parse_reply)


def test_pass_table() -> None:
    table = pass_table([run(True, True, False), run(True, False, False)])
    assert table["other"] == {"items": 1, "pass^1": 1, "pass^2": 1}
    assert table["chat"] == {"items": 2, "pass^1": 0.25, "pass^2": 0}
    assert table["all"] == {"items": 3, "pass^1": 0.5, "pass^2": pytest.approx(1 / 3)}


def test_costs() -> None:
    assert costs(run(True, True, True).results) == {
        "answered": 3, "seconds_median": 2, "seconds_95_percent": 3, "tokens_mean": 4,
    }  # fmt: skip
    assert costs(run(False, False, False).results)["seconds_median"] is None
