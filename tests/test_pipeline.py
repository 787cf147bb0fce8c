"""The whole line on a tiny model: what a user gets, piece by piece."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.test_cli import SCRIPT, command
from tooltune import EXAMPLE_TOOLS, Message
from tooltune.chat import TextEncoder
from tooltune.cli import main
from tooltune.evaluate import local
from tooltune.evaluate.constrained import CallGuide


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def output(folder: Path, tiny_model_folder: Path) -> str:
    """One run of the documented script, with a tiny model in place of the documented one."""
    done = command(
        [*SCRIPT, "--model_name", str(tiny_model_folder), "--num_examples", "24", "--num_train_epochs", "1",
         "--held_out_share", "0.25", "--max_new_tokens", "8", "--merge", "--learning_rate", "1e-5", "--best_of", "2"],
        folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    return done.stdout


def test_the_end_says_where_everything_lies(output: str) -> None:
    for name in ("output/tool_using_model", "report.html", "report.md", "loss.png", "manifest.json", "merged"):
        assert name in output
    assert 'tooltune ask output/tool_using_model "What\'s the weather in Oslo?" --best_of 2' in output
    assert "Best of 2 replies:      right decision " in output
    assert "base" in output
    assert "tuned" in output


def test_what_is_saved(output: str, folder: Path) -> None:
    saved = folder / "output/tool_using_model"
    names = {path.name for path in saved.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "chat_template.jinja", "report.json",
            "report.md", "report.html", "loss.png", "manifest.json", "merged"} <= names  # fmt: skip
    assert not any(path.suffix in (".bin", ".pkl") for path in saved.iterdir())
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["seed"] == 42
    assert len(manifest["data"]["sha256"]) == 64
    assert {"torch", "transformers", "peft", "python"} <= set(manifest["versions"])
    assert {"data", "base evaluation", "training", "tuned evaluation"} <= set(manifest["durations_s"])
    report = (saved / "report.md").read_text()
    assert "wrong" in report.lower()
    assert "best_of.replies" in report.replace("\\", "")
    assert "Exact call" in json.loads((saved / "report.json").read_text())["run"]["best_of"]
    page = (saved / "report.html").read_text()
    assert all(f'<section id="{section}"' in page for section in ("results", "training", "data", "items", "run"))
    assert "Examples by scenario" in page


def test_the_saved_tokenizer_renders_what_the_model_was_trained_on(output: str, folder: Path) -> None:
    from transformers import AutoTokenizer

    from tooltune.chat import nested

    tokenizer = AutoTokenizer.from_pretrained(folder / "output/tool_using_model")
    messages = [Message("user", "What's the weather in Oslo?")]
    served = tokenizer.apply_chat_template(
        [message.to_dict() for message in messages],
        tools=[nested(tool) for tool in EXAMPLE_TOOLS],
        add_generation_prompt=True,
    )["input_ids"]
    assert served == TextEncoder(tokenizer).encode_prompt(messages, EXAMPLE_TOOLS)


def test_merged_weights_equal_base_and_adapter(output: str, folder: Path, tiny_model_folder: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    saved = folder / "output/tool_using_model"
    base = AutoModelForCausalLM.from_pretrained(tiny_model_folder)
    with_adapter = PeftModel.from_pretrained(base, saved).eval()
    merged = AutoModelForCausalLM.from_pretrained(saved / "merged").eval()
    ids = torch.arange(3, 60)[None]
    with torch.no_grad():
        assert torch.allclose(with_adapter(ids).logits, merged(ids).logits, atol=1e-5)


def test_ask_and_evaluate_use_the_result(
    output: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(["ask", "output/tool_using_model", "What's the weather in Oslo?"]) == 0
    assert main(["ask", "output/tool_using_model", "What's the weather in Oslo?", "--best_of", "2"]) == 0
    saved = "output/tool_using_model"
    data = ["--data_path", "data/tool_using_dataset.json", "--max_new_tokens", "8"]
    assert main(["evaluate", saved, *data]) == 0
    assert (folder / "output/evaluation/report.json").exists()
    first = json.loads((folder / saved / "report.json").read_text())
    again = json.loads((folder / "output/evaluation/report.json").read_text())
    assert first["models"]["tuned"] == again["models"]["tuned"]
    capsys.readouterr()


def test_ask_constrained_guides_each_reply(
    output: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    guides: list[Any] = []
    real = local.generate_replies

    def spy(*arguments: Any, **options: Any) -> Any:
        guides.append(options["guides"])
        return real(*arguments, **options)

    monkeypatch.setattr(local, "generate_replies", spy)
    question = ["ask", "output/tool_using_model", "What's the weather in Oslo?"]
    assert main(question) == main([*question, "--constrained"]) == 0
    assert guides[0] is None
    assert isinstance(guides[-1][0], CallGuide)
    capsys.readouterr()


def test_the_base_model_alone_also_with_generate_only(folder: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    done = command(
        [*SCRIPT, "--generate_only", "--base_model_inference", "--model_name", str(tiny_model_folder),
         "--num_examples", "24", "--held_out_share", "0.25", "--max_new_tokens", "8"],
        tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data/tool_using_dataset.json").exists()
    assert (tmp_path / "output/tool_using_model/report.md").exists()
    assert not (tmp_path / "output/tool_using_model/adapter_model.safetensors").exists()


def test_resuming_with_other_settings_is_refused(
    output: str,
    folder: Path,
    tiny_model_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    code = main(["train", "--model_name", str(tiny_model_folder), "--resume", "--lora_rank", "3"])
    assert code == 2
    assert "--resume" in capsys.readouterr().err


@pytest.mark.slow
def test_the_embedded_model(tmp_path: Path) -> None:
    """SmolLM2-135M itself, from its wheel: converted, trained for a few steps, saved, asked."""
    assert main(
        ["run", "--num_examples", "20", "--held_out_share", "0.2", "--data_path", str(tmp_path / "d.jsonl"),
         "--output_dir", str(tmp_path / "out"), "--max_new_tokens", "24", "--per_device_train_batch_size", "8",
         "--gradient_accumulation_steps", "1", "--num_train_epochs", "2"]
    ) == 0  # fmt: skip
    history = json.loads((tmp_path / "out" / "history.json").read_text())
    losses = [entry["loss"] for entry in history if "loss" in entry]
    assert len(losses) == 4
    assert losses[-1] < losses[0] < 3  # a real language model starts far below chance
