import pytest

from tooltune.evaluate.statistics import Rate, clustered_difference, holm, mcnemar, mcnemar_paired, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(800, 1000, 77.4, 82.4), (12, 16, 50.5, 89.8), (0, 10, 0.0, 27.8), (10, 10, 72.2, 100.0)],
)
def test_wilson_known_values(successes, n, low, high):
    interval = [round(100 * bound, 1) for bound in wilson(successes, n)]
    assert interval == [low, high]


def test_wilson_knows_nothing_without_items():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(2, 1), (-1, 3)])
def test_wilson_rejects_impossible_counts(successes, n):
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n)


@pytest.mark.parametrize(
    ("first_only", "second_only", "p"),
    # 2 * (C(n,0) + ... + C(n,fewer)) / 2**n by hand; the third is R's binom.test(6, 22)
    [(0, 5, 2 / 32), (1, 7, 2 * 9 / 256), (6, 16, 0.0525), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_mcnemar_known_values(first_only, second_only, p):
    assert mcnemar(first_only, second_only) == pytest.approx(p, abs=1e-4)
    assert mcnemar(second_only, first_only) == mcnemar(first_only, second_only)


def test_mcnemar_survives_large_counts():
    assert 0 < mcnemar(2400, 2600) < 0.01
    assert mcnemar(0, 5000) == 0.0


def test_mcnemar_paired_counts_only_disagreements():
    pairs = [(True, True)] * 90 + [(False, True)] * 7 + [(True, False)] + [(False, False)] * 20
    assert mcnemar_paired(pairs) == mcnemar(1, 7)


def test_rate():
    rate = Rate.of([True, False, True, True])
    assert (rate.successes, rate.n, rate.value, rate.too_small) == (3, 4, 0.75, True)
    assert Rate(0, 0).value is None
    assert not Rate(1, 30).too_small
    assert rate.to_dict()["low"] == wilson(3, 4)[0]


def test_holm_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": None}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": None}
    )
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_a_bootstrap_over_clusters_is_wider_than_its_items_suggest():
    alone = clustered_difference((i, False, i % 2 == 0) for i in range(60))
    together = clustered_difference((i % 4, False, i % 4 < 2) for i in range(60))
    assert alone.value == together.value == 0.5
    assert (alone.clusters, together.clusters) == (60, 4)
    assert alone.low == pytest.approx(0.5 - 1.96 * (0.25 / 60) ** 0.5, abs=0.03)
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert clustered_difference([]) is None


def test_a_bootstrap_is_the_same_every_time():
    pairs = [(i % 7, i % 3 == 0, i % 2 == 0) for i in range(50)]
    assert clustered_difference(pairs) == clustered_difference(pairs)
