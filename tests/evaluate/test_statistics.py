import pytest

from tooltune.evaluate.statistics import Rate, mcnemar, mcnemar_paired, wilson


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
