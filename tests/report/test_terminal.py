import io

from rich.console import Console

from tooltune.evaluate.results import Evaluation
from tooltune.report import print_table
from tooltune.report.terminal import print_passes, print_systems


def printed(base, tuned, width=80):
    stream = io.StringIO()
    print_table(base, tuned, Console(file=stream, width=width))
    return stream.getvalue()


def test_both_models(base, tuned):
    text = printed(base, tuned)
    (line,) = [line for line in text.splitlines() if "Exact call" in line]
    assert "13.8 % (5-31) 4/29*" in line
    assert "89.7 % (74-96) 26/29*" in line
    assert "< 0.001" in line
    assert max(map(len, text.splitlines())) <= 80


def test_one_model_has_no_p(base):
    assert "0.001" not in printed(base, None)
    assert "No model" in printed(None, None)


def test_a_label_is_not_markup(base):
    assert "[red]x" in printed(Evaluation("[red]x", base.results), None)


def test_several_systems_with_their_intervals(base, tuned):
    stream = io.StringIO()
    print_systems([base, tuned, Evaluation("[red]third", tuned.results)], Console(file=stream, width=80))
    text = stream.getvalue()
    assert "13.8 (5-31)" in text
    assert text.count("89.7 (74-96)") == 2
    assert "26/29*" in text
    assert "[red]third" in text


def test_pass_hat_k():
    stream = io.StringIO()
    passes = {"all": {"items": 4, "pass^1": 0.5, "pass^2": 0.25}, "[x]": {"items": 4, "pass^1": 1.0, "pass^2": 1.0}}
    print_passes("[y]", passes, Console(file=stream, width=80))
    lines = [line.split() for line in stream.getvalue().splitlines()]
    assert ["all", "4", "50.0", "25.0"] in lines
    assert ["[x]", "4", "100.0", "100.0"] in lines
    assert "[y]: all of k" in stream.getvalue()
