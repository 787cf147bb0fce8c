"""What the run knows of its data, as tables."""

from __future__ import annotations

from tooltune.report.html.data import data_tables

DATA = {
    "path": "d.jsonl",
    "scenarios": {"train": {"single": 3, "chat": 1}, "held_out": {"single": 2}},
    "generation": {"kept": 6, "dropped": {"duplicate": 4, "grounding": 9}},
    "encoding": {"tokens": 620978, "too_long": 0},
}


def test_shares_drop_reasons_and_the_rest() -> None:
    shares, dropped, rest = data_tables(DATA)
    assert shares.head == ("Scenario", "trained on", "held out")
    assert shares.rows == [["chat", "1 (25.0 %)", "0 (0.0 %)"], ["single", "3 (75.0 %)", "2 (100.0 %)"]]
    assert dropped.rows == [["grounding", "9"], ["duplicate", "4"]]
    assert rest.rows == [("path", "d.jsonl"), ("encoding.tokens", "620978"), ("encoding.too_long", "0")]


def test_what_is_not_known_has_no_table() -> None:
    assert data_tables({}) == []
    assert data_tables({"scenarios": None, "generation": {}}) == []
