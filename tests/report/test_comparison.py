from tooltune.evaluate.results import Evaluation
from tooltune.evaluate.statistics import Rate, mcnemar
from tooltune.report.comparison import metric_rows, scenario_rows, show_p, show_rate


def row(rows, key):
    return next(found for found in rows if found.key == key)


def test_rows_hold_both_models_and_the_paired_test(base, tuned):
    found = row(metric_rows([base, tuned]), "call_exact")
    assert [rate.n for rate in found.rates] == [29, 29]
    only_base = sum(b.right and not t.right for b, t in zip(base.results, tuned.results, strict=True) if b.item.calls)
    only_tuned = sum(t.right and not b.right for b, t in zip(base.results, tuned.results, strict=True) if b.item.calls)
    assert only_tuned > 0
    assert found.p == mcnemar(only_base, only_tuned)


def test_items_are_paired_by_id_and_not_by_place(base, tuned):
    shuffled = Evaluation(tuned.label, tuned.results[::-1])
    assert metric_rows([base, shuffled]) == metric_rows([base, tuned])


def test_a_metric_over_different_items_has_no_paired_test(base, tuned):
    found = row(metric_rows([base, tuned]), "right_arguments")
    assert found.rates[0].n != found.rates[1].n
    assert found.p is None


def test_scenarios_are_counted_apart(base, tuned):
    rows = scenario_rows([base, tuned])
    assert [found.key for found in rows] == ["missing_argument", "no_tool", "parallel_calls", "single_call"]
    assert [found.rates[0].n for found in rows] == [4, 4, 9, 20]
    assert all(found.too_small for found in rows)


def test_a_metric_that_counts_no_item_has_no_row(tuned):
    calls = Evaluation("calls", tuple(result for result in tuned.results if result.item.calls))
    keys = [found.key for found in metric_rows([calls])]
    assert "asked" not in keys
    assert "call_exact" in keys
    assert metric_rows([]) == []


def test_show():
    assert show_rate(Rate(800, 1000)) == "80.0 % (77.4 to 82.4), 800/1000"
    assert show_rate(Rate(0, 0)) == "-"
    assert [show_p(p) for p in (None, 0.00001, 0.03125, 1.0)] == ["-", "< 0.001", "0.031", "1.000"]
