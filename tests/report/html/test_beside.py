"""The difference and the policies, as the page shows them."""

from __future__ import annotations

from tooltune.evaluate.results import Evaluation
from tooltune.report.html import html_page
from tooltune.report.html.beside import difference_table, disagreement_tables, policy_table
from tooltune.report.write import report_data, report_markdown


def test_the_difference_has_its_interval_overall_and_by_scenario(base: Evaluation, tuned: Evaluation) -> None:
    data = report_data(base, tuned, {})
    rows = {row[0]: row[1:] for row in difference_table(data).rows}
    overall = data["differences"]["overall"]
    assert rows["all"][0] == f"{100 * overall['difference']:+.1f}"
    assert rows["all"][1] == f"{100 * overall['low']:+.1f} to {100 * overall['high']:+.1f}"
    assert set(rows) == {"all", *data["differences"]["scenarios"]}
    text = report_markdown(base, tuned, {})
    assert all(f"| {' | '.join(row)} |" in text for row in difference_table(data).rows)
    assert "How much better" not in report_markdown(base, None, {})


def test_the_policies_stand_beside(base: Evaluation, tuned: Evaluation) -> None:
    data = report_data(base, tuned, {})
    table = policy_table(data)
    assert table.head == ("Metric", "always abstain", "always first tool")
    page = html_page(data)
    assert "always first tool" in page
    assert "How much better the tuned model decides" in page
    assert "By tool" in page
    assert "By argument" in page


def test_a_report_without_them(base: Evaluation) -> None:
    assert difference_table(report_data(base, None, {})).rows == []
    assert difference_table({}).rows == policy_table({}).rows == []


def test_where_the_scorers_disagree(base: Evaluation, tuned: Evaluation) -> None:
    data = report_data(base, tuned, {})
    tables = disagreement_tables(data)
    assert len(tables) == 2
    found = data["scorers_disagree"]["tuned"]
    assert f"tuned: they disagree on {len(found['found'])} of {found['compared']} replies" == tables[1].caption
    assert [row[0] for row in tables[1].rows] == [one["item"] for one in found["found"]][: len(tables[1].rows)]
    assert 'id="disagreements"' in html_page(data)
    assert f"- tuned: {len(found['found'])} of {found['compared']} replies" in report_markdown(base, tuned, {})
