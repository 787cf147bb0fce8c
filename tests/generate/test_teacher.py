"""A teacher behind a real server process, with faults: it adds wording, never errors, and is paid once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tooltune.cli import main
from tooltune.config import GenerateCommandConfig, TeacherConfig
from tooltune.dataset import load_dataset, make_dataset
from tooltune.errors import ConfigError, TeacherError
from tooltune.example_tools import EXAMPLE_TOOLS, execute
from tooltune.generate import generate_examples
from tooltune.generate.rewrite import Rewriter, judged
from tooltune.generate.teacher import Teacher
from tooltune.types import Example
from tooltune.verify import verify_example

SERVER = Path(__file__).with_name("openai_server.py")
Start = Callable[..., str]
QUESTION = [{"role": "system", "content": "s"}, {"role": "user", "content": '{"messages": ["hi"]}'}]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers: `start("429,500", "polite")` gives the URL."""
    running: list[subprocess.Popen[str]] = []

    def one(faults: str = "", manners: str = "polite") -> str:
        running.append(
            subprocess.Popen([sys.executable, str(SERVER), faults, manners], stdout=subprocess.PIPE, text=True)
        )
        assert running[-1].stdout is not None
        return f"http://127.0.0.1:{running[-1].stdout.readline().strip()}/v1"

    yield one
    for process in running:
        process.kill()
        process.communicate()


def requests(url: str) -> dict[str, int]:
    with urllib.request.urlopen(url) as reply:
        return dict(json.load(reply))


def config(url: str, path: Path, **values: Any) -> GenerateCommandConfig:
    values = {"num_examples": 40, "teacher_timeout": 0.5, "teacher_share": 1} | values
    return GenerateCommandConfig(data_path=path, teacher=f"openai:small@{url}", **values)


def run(settings: GenerateCommandConfig) -> tuple[Teacher, list[Example]]:
    teacher = Teacher(settings, settings.data_path.parent / "cache.sqlite")
    make_dataset(settings, EXAMPLE_TOOLS, rewrite=Rewriter(teacher, settings.seed))
    return teacher, load_dataset(settings.data_path)


def test_good_rewrites_are_kept_and_everything_verifies(tmp_path: Path, start: Start) -> None:
    url = start()
    teacher, examples = run(config(url, tmp_path / "a.jsonl"))
    plain = list(generate_examples(EXAMPLE_TOOLS, 40, 42, examples_per_tool_set=8))
    changed = [example for example in examples if example.metadata.get("rewritten_by") == "small"]
    assert len(changed) == teacher.usage.kept["rewritten"] > 20
    assert all(e.metadata["split"] == "train" and any(m.tool_calls for m in e.messages) for e in changed)
    assert all(verify_example(example, execute) is None for example in examples)
    for before, after in zip(plain, examples, strict=True):
        assert [m for m in after.messages if m.role != "user"] == [m for m in before.messages if m.role != "user"]
        assert after in changed or after.to_dict() == before.to_dict()
    assert 2 <= requests(url)["most"] <= 8


def test_asked_once_then_from_the_cache_with_the_same_bytes(tmp_path: Path, start: Start) -> None:
    url = start(manners="polite,number,prose")
    first, _ = run(config(url, tmp_path / "a.jsonl", teacher_concurrency=1))
    asked = requests(url)["requests"]
    again, _ = run(config(url, tmp_path / "b.jsonl", teacher_concurrency=8))
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert requests(url)["requests"] == asked == first.usage.asked == again.usage.cached
    assert again.usage.asked == again.usage.tokens_in == 0
    assert first.usage.kept == again.usage.kept


MISTAKES = {
    "prose": "not the JSON asked for",
    "one more": "not the JSON asked for",
    "same": "unchanged",
    "number": "other dates, times or numbers",
    "name": "new names or quotations",
    "negation": "other negation",
    "long": "out of proportion",
}


def test_mistakes_are_counted_by_reason_and_the_original_stays(tmp_path: Path, start: Start) -> None:
    teacher, examples = run(config(start(manners=",".join(MISTAKES)), tmp_path / "a.jsonl", teacher_concurrency=1))
    assert set(MISTAKES.values()) <= set(teacher.usage.kept)
    assert all(verify_example(example, execute) is None for example in examples)
    assert sum("4711" in m.content or "Xaverius" in m.content for e in examples for m in e.messages) == 0


def test_what_may_pass_is_tried_again(tmp_path: Path, start: Start) -> None:
    url = start("timeout,429,500,cut")
    teacher = Teacher(config(url, tmp_path / "a.jsonl"), tmp_path / "cache.sqlite")
    assert teacher.ask(QUESTION, 1) is not None
    assert requests(url)["requests"] == 5
    assert (teacher.usage.asked, teacher.usage.tokens_in, teacher.usage.tokens_out) == (1, 100, 20)


def test_an_answer_that_is_no_answer_is_none_and_asked_again_next_time(tmp_path: Path, start: Start) -> None:
    teacher = Teacher(config(start("bad,other"), tmp_path / "a.jsonl"), tmp_path / "cache.sqlite")
    assert [teacher.ask(QUESTION, 1) is None for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("status", ["401", "403", "404"])
def test_a_server_that_refuses_ends_the_run(tmp_path: Path, start: Start, status: str) -> None:
    with pytest.raises(TeacherError, match=r"refused: .*Check the name of the model"):
        run(config(start(",".join([status] * 99)), tmp_path / "a.jsonl"))


def test_a_server_that_is_gone_ends_the_run_and_nothing_is_lost(
    tmp_path: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    url = start()
    flags = ["generate", "--num_examples", "40", "--teacher_share", "1", "--teacher_concurrency", "2", "--data_path"]
    broken = start(",".join(["400"] * 99))
    data = tmp_path / "a.jsonl"
    assert main([*flags, str(data), "--teacher", f"openai:small@{broken}"]) == 2
    assert "10 requests in a row failed" in capsys.readouterr().err
    assert list(tmp_path.glob(".a.jsonl.parts/part-*"))
    prices = ["--teacher_input_price", "10", "--teacher_output_price", "100"]
    assert main([*flags, str(data), "--teacher", f"openai:small@{url}", *prices]) == 0
    asked = requests(url)["requests"]
    assert f"{asked} requests, 0 answers from the cache" in (shown := capsys.readouterr().out)
    assert f"cost {asked * (100 * 10 + 20 * 100) / 1e6:.4f}" in shown


def test_the_rate_is_kept(tmp_path: Path, start: Start) -> None:
    teacher = Teacher(config(start(), tmp_path / "a.jsonl", teacher_rate=600), tmp_path / "cache.sqlite")
    begin = time.monotonic()
    for seed in range(6):
        teacher.ask(QUESTION, seed)
    assert time.monotonic() - begin > 0.45


def test_a_rewrite_may_not_leave_out_what_a_call_needs() -> None:
    example = next(e for e in generate_examples(EXAMPLE_TOOLS, 60, 3) if e.metadata["scenario"] == "single")
    assert judged(example, '{"messages": ["Please help me with this."]}', execute)[1] is None
    said = next(message.content for message in example.messages if message.role == "user")
    named = json.dumps({"messages": [f"{said} (use {example.tools[0].name})"]})
    assert judged(example, named, execute) == ("raw name", None)


@pytest.mark.parametrize(("name", "said"), [("small", "expected openai:MODEL"), ("openai:", "expected openai:MODEL")])
def test_names_that_are_not_understood(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Teacher(TeacherConfig(teacher=name), tmp_path / "cache.sqlite")


def test_the_key_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        Teacher(TeacherConfig(teacher="openai:gpt-x"), tmp_path / "cache.sqlite")


def test_a_cache_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite").write_text("something else, and long enough to be looked at" * 99)
    with pytest.raises(TeacherError, match="cache cannot be used"):
        Teacher(TeacherConfig(teacher="openai:m@http://127.0.0.1:1/v1"), tmp_path / "cache.sqlite")
