"""Several samples of each reply: how often all of k tries succeed. And what replies cost."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from math import comb
from typing import Any

from tooltune.evaluate.outputs import Output
from tooltune.evaluate.results import Evaluation, ItemResult


def pass_hat_k(right: int, samples: int, k: int) -> float:
    """Unbiased estimate of the chance that k independent tries at one item all succeed, pass^k.

    C(right, k) / C(samples, k), as in tau-bench (Yao et al. 2024, arXiv:2406.12045).

    Args:
        right: samples that were right.
        samples: all of them, at least k.
        k: tries.
    """
    return comb(right, k) / comb(samples, k)


def pass_table(runs: Sequence[Evaluation]) -> dict[str, dict[str, float]]:
    """pass^1 to pass^K over the items of each scenario and of `all`; `items` says how many there are.

    Args:
        runs: K evaluations of one model on the same items, one for each sample.
    """
    right: dict[str, list[int]] = {"all": []}
    for samples in zip(*(run.results for run in runs), strict=True):
        count = sum(result.right for result in samples)
        right["all"].append(count)
        right.setdefault(samples[0].item.scenario, []).append(count)
    return {scenario: _row(counts, len(runs)) for scenario, counts in right.items() if counts}


def _row(counts: Sequence[int], samples: int) -> dict[str, float]:
    rates = {
        f"pass^{k}": statistics.fmean(pass_hat_k(right, samples, k) for right in counts) for k in range(1, samples + 1)
    }
    return {"items": len(counts)} | rates


def costs(replies: Iterable[ItemResult | Output]) -> Mapping[str, Any]:
    """Seconds and tokens of replies, over those that came; None where no reply says."""
    known = list(replies)
    seconds = sorted(reply.seconds for reply in known if reply.seconds is not None)
    tokens = [reply.tokens for reply in known if reply.tokens is not None]
    return {
        "answered": len(seconds),
        "seconds_median": statistics.median(seconds) if seconds else None,
        "seconds_95_percent": seconds[(len(seconds) * 95 - 1) // 100] if seconds else None,
        "tokens_mean": statistics.fmean(tokens) if tokens else None,
    }
