"""The command line: run | generate | validate | train | evaluate | rescore | report | improve | ask.

Flags are made from the fields of the configuration classes. Every command ends with exit code 0,
or 2 and one message for what the user can fix, or 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml

from tooltune.config import (
    Config,
    DataConfig,
    EmbeddedRunConfig,
    EvaluateCommandConfig,
    GenerateCommandConfig,
    ImproveConfig,
    ReplyConfig,
    RunConfig,
    TrainCommandConfig,
)
from tooltune.engine.pages import in_large_pages
from tooltune.errors import ConfigError, Interrupted, TooltuneError
from tooltune.types import Tool

Settings = Callable[[argparse.Namespace], dict[str, Any]]
MOST_NOTICES = 20
"""Lines printed of what the sources of tools could not keep."""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the `tooltune` command; returns the exit code."""
    return guarded(lambda: _main(argv))


def guarded(command: Callable[[], None]) -> int:
    """Run a command; what the user can fix is printed as one message, without a traceback."""
    try:
        command()
        leave_other_processes()
    except Interrupted as error:
        leave_other_processes()
        print(f"\n{error}", file=sys.stderr)
        return 130
    except TooltuneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. What was finished is saved; a training run goes on with --resume.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    return 0


def leave_other_processes() -> None:
    """Part from the processes that train together, if any.

    gloo's threads would otherwise outlive the interpreter, which now and then ends the process with SIGABRT
    (https://github.com/pytorch/pytorch/pull/179291).
    """
    distributed = sys.modules.get("torch.distributed")  # not imported: most commands need no torch
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _main(argv: Sequence[str] | None) -> None:
    arguments = make_parser().parse_args(words(argv))
    if argv is None and arguments.command in (_run, _train, _evaluate, _improve, _ask):
        in_large_pages()
    arguments.command(arguments)


def words(argv: Sequence[str] | None) -> list[str]:
    """The arguments, by default those of this process, with underscores in the names of flags."""
    return [underscored(argument) for argument in (sys.argv[1:] if argv is None else argv)]


def make_parser() -> argparse.ArgumentParser:
    """The parser of the `tooltune` command."""
    parser = argparse.ArgumentParser(
        "tooltune", description="Turn your tools into a small model that calls them reliably."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _command(commands, "run", "tools in, tuned and measured model out", _run, EmbeddedRunConfig)
    run.add_argument("--config", type=Path, help="a YAML file of settings; flags win over it")
    _command(commands, "generate", "write a verified dataset", _generate, GenerateCommandConfig)
    validate = _command(commands, "validate", "check a dataset; exit code 1 if an example fails or leaks", _validate)
    validate.add_argument("file", type=Path, help="the dataset, .json, .jsonl, .jsonl.gz, .jsonl.zst or .parquet")
    validate.add_argument(
        "--against", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help="held-out questions or tools that the dataset must not contain, JSON or JSON lines",
    )  # fmt: skip
    validate.add_argument(
        "--allow_same_tools", action="store_true", help="compare only the questions of --against, not its tools"
    )
    validate.add_argument("--report", type=Path, metavar="FILE", help="write all that was found as JSON")
    train = _command(commands, "train", "train on an existing dataset", _train, TrainCommandConfig)
    train.add_argument("--config", type=Path, help="a YAML file of settings; flags win over it")
    evaluate = _command(commands, "evaluate", "measure a base or tuned model", _evaluate, EvaluateCommandConfig)
    evaluate.add_argument(
        "model", nargs="?",
        help="a finished run's folder, a model folder, a hub id, smollm2-135m, or the model's name at --endpoint",
    )  # fmt: skip
    rescore = _command(commands, "rescore", "write an evaluation's report anew; needs no model", _rescore)
    rescore.add_argument("folder", type=Path, help="the output folder of tooltune evaluate")
    report = _command(commands, "report", "write report.md and report.html again from report.json", _report)
    report.add_argument("folder", type=Path, help="the folder of a run's or an evaluation's report.json")
    improve = _command(commands, "improve", "train a run on, aimed at what it gets wrong", _improve, ImproveConfig)
    improve.add_argument("folder", type=Path, help="the output folder of a run")
    ask = _command(commands, "ask", "ask a tuned model one question", _ask, ReplyConfig)
    ask.add_argument("folder", type=Path, help="the output folder of a run")
    ask.add_argument("question", help="what to ask")
    # One value each, so that it may stand before the folder.
    ask.add_argument("--tools", action="append", default=[], help="other tools to show it, as in run; repeatable")
    return parser


def _command(
    commands: Any,
    name: str,
    help_text: str,
    command: Callable[[argparse.Namespace], None],
    config: type[Config] | None = None,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(command=command)
    if config is not None:
        add_flags(parser, config)
    return parser


def add_flags(parser: argparse.ArgumentParser, config: type[Config]) -> None:
    """A flag for every field; only the flags that are given end up in the namespace."""
    for name, field in config.model_fields.items():
        options: dict[str, Any] = {"default": argparse.SUPPRESS}
        kind = field.annotation
        shown = " ".join(field.default) if isinstance(field.default, tuple) else field.default
        options["help"] = f"{field.description} (default: {shown})".replace("%", "%%")
        if kind is bool:
            options["action"] = "store_false" if field.default else "store_true"
            flag = f"--no_{name}" if field.default else f"--{name}"
            parser.add_argument(flag, dest=name, **options)
            continue
        if get_origin(kind) is Literal:
            options["metavar"] = "|".join(get_args(kind))
        else:
            options["metavar"] = "N" if kind is int else name.rsplit("_", 1)[-1].upper()
        if get_origin(kind) is tuple:
            options |= {"nargs": "+", "action": "extend"}
        parser.add_argument(f"--{name}", **options)


def underscored(argument: str) -> str:
    """`--num-examples` means `--num_examples`."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def settings(arguments: argparse.Namespace, config: type[Config]) -> Any:
    """The configuration: the class's defaults, then --config's file, then the flags."""
    given = {name: value for name, value in vars(arguments).items() if name in config.model_fields}
    file = getattr(arguments, "config", None)
    return config.parse((read_yaml(file) if file else {}) | given, str(file or "command line"))


def read_yaml(path: Path) -> dict[str, Any]:
    """The settings in a YAML file."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--config {path}", str(error.strerror), "a YAML file that can be read") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"--config {path}", " ".join(str(error).split()), "YAML") from error
    if not isinstance(values or {}, dict):
        raise ConfigError(f"--config {path}", f"a {type(values).__name__}", "one 'name: value' a line")
    return values or {}


def chosen_tools(config: DataConfig, own: Sequence[Tool] | None = None) -> tuple[list[Tool], str]:
    """The tools of --tools, those of --catalogue, or the example tools; and where they come from."""
    tools: list[Tool] = []
    where = []
    if config.tools:
        tools += read_sources(config.tools)
        where.append(", ".join(config.tools))
    if config.catalogue:
        from tooltune.dataset import catalogue_tools

        tools += catalogue_tools(config).tools
        where.append("the catalogue")
    if not where:
        from tooltune.example_tools import EXAMPLE_TOOLS

        return list(EXAMPLE_TOOLS if own is None else own), "EXAMPLE_TOOLS"
    return tools, " and ".join(where)


def read_sources(sources: Sequence[str]) -> list[Tool]:
    """The tools of --tools; what a source could not keep is said on stderr, one line each."""
    from tooltune.tools import load_sources

    loaded = load_sources(sources)
    for notice in loaded.notices[:MOST_NOTICES]:
        print(f"note: {' '.join(notice.split())}", file=sys.stderr)
    if len(loaded.notices) > MOST_NOTICES:
        print(f"note: {len(loaded.notices) - MOST_NOTICES} more of the kind", file=sys.stderr)
    return list(loaded.tools)


def run_script(
    config: type[RunConfig], tools: Sequence[Tool], description: str, argv: Sequence[str] | None = None
) -> int:
    """What `tool_using.py` does: the whole line, with its own defaults and tools."""
    parser = argparse.ArgumentParser("tool_using.py", description=description)
    add_flags(parser, config)

    def command() -> None:
        from tooltune.pipeline import run

        chosen = settings(parser.parse_args(words(argv)), config)
        if argv is None and not chosen.generate_only:
            in_large_pages()
        run(chosen, *chosen_tools(chosen, tools))

    return guarded(command)


def _run(arguments: argparse.Namespace) -> None:
    from tooltune.pipeline import run

    config = settings(arguments, EmbeddedRunConfig)
    run(config, *chosen_tools(config))


def _generate(arguments: argparse.Namespace) -> None:
    from tooltune.commands.generate import generate_only
    from tooltune.tools import check_tools

    config = settings(arguments, GenerateCommandConfig)
    tools, where = chosen_tools(config)
    check_tools(tools, where)
    generate_only(config, tools)


def _validate(arguments: argparse.Namespace) -> None:
    from tooltune.commands.validate import validate

    if not validate(arguments.file, arguments.against, arguments.report, arguments.allow_same_tools):
        raise SystemExit(1)


def _train(arguments: argparse.Namespace) -> None:
    from tooltune.commands.train import train_only

    config = settings(arguments, TrainCommandConfig)
    train_only(config, chosen_tools(config)[0])


def _evaluate(arguments: argparse.Namespace) -> None:
    from tooltune.commands.checkpoints import evaluate_checkpoints
    from tooltune.commands.evaluate import evaluate_only

    config = settings(arguments, EvaluateCommandConfig)
    model = arguments.model or getattr(arguments, "model_name", None)
    if model is None:
        raise ConfigError("evaluate", "no model", "a run's folder, a model, or its name at --endpoint")
    if config.checkpoints:
        evaluate_checkpoints(Path(model), config)
    else:
        evaluate_only(model, config)


def _rescore(arguments: argparse.Namespace) -> None:
    from tooltune.commands.rescore import rescore

    rescore(arguments.folder)


def _report(arguments: argparse.Namespace) -> None:
    from tooltune.commands.report import report

    report(arguments.folder)


def _improve(arguments: argparse.Namespace) -> None:
    from tooltune.commands.improve import improve

    improve(arguments.folder, settings(arguments, ImproveConfig))


def _ask(arguments: argparse.Namespace) -> None:
    from tooltune.commands.ask import ask

    tools = read_sources(arguments.tools) if arguments.tools else None
    ask(arguments.folder, arguments.question, settings(arguments, ReplyConfig), tools)


if __name__ == "__main__":
    sys.exit(main())
