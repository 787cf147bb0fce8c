import json

import pytest

from tooltune.errors import OutputError
from tooltune.evaluate.results import Evaluation
from tooltune.report import write_report


def written(tmp_path, *args):
    write_report(tmp_path, *args)
    return json.loads((tmp_path / "report.json").read_text()), (tmp_path / "report.md").read_text()


def test_report_json_has_all_numbers_and_all_items(tmp_path, base, tuned, run):
    data, _ = written(tmp_path, base, tuned, run)
    assert data["run"]["seed"] == 7
    assert data["run"]["loss"] is None
    assert data["models"]["tuned"]["overall"] == tuned.summary().to_dict()["overall"]
    assert data["models"]["base"]["failures"] == base.summary().failures
    assert data["p_values"]["overall"]["call_exact"] < 0.001
    assert len(data["items"]) == len(tuned.results)
    item = data["items"][5]
    assert item["calls"] == [{"name": "get_weather", "parameters": {"city": "Tokyo"}}]
    assert item["replies"]["tuned"]["score"]["failure"] == "wrong_value"
    assert item["replies"]["base"]["text"] == base.results[5].text


def test_report_md_shows_both_models(tmp_path, base, tuned, run):
    _, text = written(tmp_path, base, tuned, run)
    assert "`tuned` decides rightly in 31 of 37 cases." in text
    assert "| Exact call | **13.8 %** (5.5 to 30.6), 4/29 | **89.7 %** (73.6 to 96.4), 26/29 |" in text
    assert text.count("| too small |") == 10
    assert (
        "| Well formed | **45.9 %** (31.0 to 61.6), 17/37 | **100.0 %** (90.6 to 100.0), 37/37 | < 0.001 |  |" in text
    )
    assert "| `no_output`: the reply is empty | 6 | 0 |" in text
    assert "## 3 of 31 right answers" in text
    assert "## 3 of 6 wrong answers" in text
    assert text.count("The model wrote:") == 6
    assert "| training examples | 1450 |" in text
    assert "| adapter.rank | 32 |" in text
    assert "- Exact call: the expected calls" in text


def test_wrong_answers_are_varied(tmp_path, base, tuned, run):
    _, text = written(tmp_path, base, tuned, run)
    for failure in ("wrong_value", "should_have_asked", "should_have_abstained"):
        assert f"What is wrong: `{failure}`" in text


def test_the_base_model_alone(tmp_path, base, run):
    data, text = written(tmp_path, base, None, run)
    assert list(data["models"]) == ["base"]
    assert data["p_values"]["overall"]["right"] is None
    assert "| Metric | SmolLM2-135M |  |" in text
    assert "wrong answers" in text


def test_the_tuned_model_alone(tmp_path, tuned):
    data, text = written(tmp_path, None, tuned, {})
    assert list(data["models"]) == ["tuned"]
    assert "The run" not in text


def test_no_model_at_all(tmp_path, run):
    data, text = written(tmp_path, None, None, run)
    assert data["items"] == []
    assert "No model was evaluated." in text


def test_fewer_than_three_answers_are_said_to_be_few(tmp_path, tuned):
    right = [result for result in tuned.results if result.right]
    wrong = [result for result in tuned.results if not result.right]
    _, text = written(tmp_path, None, Evaluation("tuned", (*right[:2], *wrong[:1])), {})
    assert "## Only 2 right answers" in text
    assert "## Only 1 wrong answer\n" in text
    _, text = written(tmp_path, None, Evaluation("tuned", tuple(right)), {})
    assert "## No wrong answers" in text
    assert "Nothing: every decision was right." in text


def test_an_evaluation_of_nothing(tmp_path):
    data, text = written(tmp_path, Evaluation("base", ()), None, {})
    assert data["models"]["base"]["overall"]["right"]["rate"] is None
    assert "`base` decides rightly in 0 of 0 cases." in text


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path, tuned):
    with pytest.raises(OutputError, match=r"report\.json"):
        write_report(tmp_path / "absent", None, tuned, {})
