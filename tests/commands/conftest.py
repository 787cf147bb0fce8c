"""As in tests/evaluate: one thread for tiny models. A dataset, a run trained on it, and a suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evaluate.conftest import one_thread
from tooltune.cli import main

__all__ = ["one_thread"]

FUNCTION = {
    "name": "park.book",
    "description": "Book a pitch for some nights.",
    "parameters": {
        "type": "dict",
        "required": ["site"],
        "properties": {"site": {"type": "string", "description": "Which site"}, "nights": {"type": "integer"}},
    },
}
QUESTIONS = ["A pitch at North please, for two nights", "Book me a place at South", "Is West free? Then book it"]
ANSWER = [{"park.book": {"site": ["North", "South", "West"], "nights": ["", 2]}}]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """BFCL's files, written here."""
    folder = tmp_path / "suite"
    (folder / "possible_answer").mkdir(parents=True)
    for category in ("simple_python", "irrelevance"):
        rows = [
            {"id": f"{category}_{i}", "question": [[{"role": "user", "content": text}]], "function": [FUNCTION]}
            for i, text in enumerate(QUESTIONS)
        ]
        lines(folder / f"BFCL_v4_{category}.json", rows)
    answers = [{"id": f"simple_python_{i}", "ground_truth": ANSWER} for i in range(3)]
    lines(folder / "possible_answer" / "BFCL_v4_simple_python.json", answers)
    return folder


def lines(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated dataset, a quarter of it held out."""
    path = tmp_path_factory.mktemp("data") / "data.jsonl"
    # Few tools: a tokenizer that knows almost only bytes makes long prompts.
    assert main(["generate", "--data_path", str(path), "--num_examples", "16", "--held_out_share", "0.25",
                 "--max_tools_in_view", "1"]) == 0  # fmt: skip
    return path


@pytest.fixture(scope="session")
def run(data: Path, tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run on that dataset."""
    folder = tmp_path_factory.mktemp("run")
    assert main(["train", "--model_name", str(tiny_model_folder), "--data_path", str(data), "--output_dir",
                 str(folder), "--num_train_epochs", "1", "--held_out_share", "0.25"]) == 0  # fmt: skip
    return folder
