"""The exception tree: everything a user can fix, and nothing else.

    TooltuneError
    ├── ConfigError          a flag or a key of run.yaml
    ├── ToolDefinitionError  a tool or a file of tools
    ├── DataError            a dataset: says file, example, key
    ├── ModelError           a model, tokenizer or chat template
    ├── MissingExtraError    a library of an extra that is not installed
    ├── OutputError          a folder or disk that cannot be written
    ├── WorkerError          a process that makes data and ended without an answer
    ├── TeacherError         a model that rewrites: refused, or gone
    └── Interrupted          Ctrl-C during training, after a checkpoint was written

The command line prints these without a traceback and exits with code 2. What a *model* gets
wrong is never an exception: it is a field of the evaluation's result.
"""

from __future__ import annotations

from typing import Any, NoReturn


class TooltuneError(Exception):
    """A problem the user can fix.

    The message always has the same four parts: where, what was found, what was expected, and
    what to do. Parts that say nothing are left out.
    """

    def __init__(self, where: str, found: str, expected: str = "", fix: str = "") -> None:
        self.where, self.found, self.expected, self.fix = where, found, expected, fix
        text = f"{where}: {found}"
        if expected:
            text += f"; expected {expected}"
        if fix:
            text += f". {fix}"
        super().__init__(text)

    def __reduce__(self) -> tuple[Any, ...]:
        """So that an error of a worker process reaches the user as it is."""
        return type(self), (self.where, self.found, self.expected, self.fix)


class ConfigError(TooltuneError):
    """A flag or a key of the configuration file is wrong."""


class ToolDefinitionError(TooltuneError):
    """A tool definition, or the file it stands in, is wrong."""


class DataError(TooltuneError):
    """A dataset is wrong; `where` names the file, the example and the key."""


class ModelError(TooltuneError):
    """A model, its tokenizer or its chat template cannot be used."""


class MissingExtraError(TooltuneError):
    """A library that belongs to an optional extra is not installed."""


class OutputError(TooltuneError):
    """A result cannot be written: folder not writable, or disk full."""


class WorkerError(TooltuneError):
    """A process that makes data ended without an answer, or other work is in its way."""


class TeacherError(TooltuneError):
    """The model that rewrites what users say cannot be asked."""


class Interrupted(TooltuneError):  # noqa: N818  (the user asked for it)
    """Training was stopped by Ctrl-C; `checkpoint` is what it can be resumed from."""

    def __init__(self, checkpoint: str, step: int, fix: str = "Add --resume to go on.") -> None:
        self.checkpoint, self.step = checkpoint, step
        super().__init__(
            "training",
            f"stopped at step {step}; checkpoint saved in {checkpoint}",
            fix=fix,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.checkpoint, self.step, self.fix)


def missing_extra(library: str, extra: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the error that names the extra to install for `library`."""
    raise MissingExtraError(
        library, "not installed", fix=f"Install it with: pip install 'tooltune[{extra}]'"
    ) from cause
