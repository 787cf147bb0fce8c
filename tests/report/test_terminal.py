import io

from rich.console import Console

from tooltune.evaluate.results import Evaluation
from tooltune.report import print_table


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
