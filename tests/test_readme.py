"""The README says what is so: its flags, its commands, its format, its code."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path

import yaml

from tooltune import Example
from tooltune.chat import Reply, parse_reply
from tooltune.cli import add_flags, make_parser
from tooltune.config import EmbeddedRunConfig, ScriptConfig
from tooltune.verify import check_example

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def flag_table() -> str:
    """The README's table of flags, from the settings themselves."""
    lines = ["| flag | default | what it does |", "|---|---|---|"]
    for name, field in ScriptConfig.model_fields.items():
        default = " ".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = "on" if default is True else "off" if default is False else default
        run = EmbeddedRunConfig.model_fields[name].default
        also = f" (`tooltune run`: {run})" if run != field.default else ""
        flag = f"--no_{name}" if field.default is True else f"--{name}"
        lines.append(f"| `{flag}` | {shown}{also} | {field.description} |".replace("<tool_call>", "`<tool_call>`"))
    return "\n".join(lines)


def test_the_flag_table() -> None:
    assert flag_table() in README


def test_every_command_parses() -> None:
    script = argparse.ArgumentParser()
    add_flags(script, ScriptConfig)
    commands = [line for block in blocks("bash") for line in block.replace("\\\n", " ").splitlines()]
    seen = 0
    for line in commands:
        words = shlex.split(line, comments=True)
        if words[:2] == ["python", "tool_using.py"]:
            script.parse_args(words[2:])
            seen += 1
        elif words[:1] == ["tooltune"]:
            make_parser().parse_args(words[1:])
            seen += 1
    assert seen >= 6


def test_the_data_example_is_valid() -> None:
    (text,) = blocks("json")
    data = json.loads(text)
    data["tools"][0]["parameters"]["properties"] = {"city": {"type": "string"}}
    example = Example.from_dict(data)
    check_example(example, "README")
    assert example.to_dict() == data


def test_the_output_example_is_read_back() -> None:
    (text,) = [block for block in blocks("text") if "<|assistant|>" in block]
    reply = parse_reply(text.removeprefix("<|assistant|>\n"))
    assert isinstance(reply, Reply)
    assert reply.error is None
    assert [call.name for call in reply.calls] == ["get_weather"]


def test_the_code_runs() -> None:
    (code,) = blocks("python")
    scope: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), scope)
    assert len(scope["EXAMPLE_TOOLS"]) == 1  # type: ignore[arg-type]


def test_the_recipes_are_valid() -> None:
    recipes = sorted((ROOT / "recipes").glob("*.yaml"))
    assert recipes
    for path in recipes:
        EmbeddedRunConfig.parse(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
