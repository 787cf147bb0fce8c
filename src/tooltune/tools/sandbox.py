"""The process that runs a user's functions: `python sandbox.py SOURCE SECONDS MEGABYTES`, JSON lines in and out.

The source is run once; every call then runs in a fork of its own, so that none sees what another one did. A fork
may use SECONDS of time and of CPU, and MEGABYTES of memory beyond what the source takes; it works in an empty
folder, writes files of at most that size, and what it prints is thrown away.

Not covered: this is a limit against accidents, not a jail. A function can reach the network, and read and change
whatever the user who runs this can. Run only code that you trust.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, PydanticUserError, validate_call
from pydantic_core import to_jsonable_python

MOST_CHARACTERS = 20_000
"""Of a result; a longer one is an error."""


def main(source: str, seconds: float, megabytes: int) -> None:
    """Answer calls until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        module, failure = _imported(source)
        _silence()
        os.chdir(folder)
        print(json.dumps({"failure": failure}), file=answers, flush=True)
        for line in sys.stdin if not failure else ():
            print(_forked(module, json.loads(line), seconds, megabytes), file=answers, flush=True)


def _imported(source: str) -> tuple[Any, str]:
    """The module, and why it cannot be run."""
    path = Path(source).absolute()
    sys.path[0] = str(path.parent if source.endswith(".py") else Path.cwd())
    try:
        if not source.endswith(".py"):
            return _with_type_names(importlib.import_module(source)), ""
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            return None, "no Python file"
        module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except BaseException as error:
        return None, _said(error)
    return _with_type_names(module), ""


def _with_type_names(module: Any) -> Any:
    """The module, with what it imports for type checkers only: its annotations speak of that."""
    with suppress(OSError, TypeError, SyntaxError):
        for line in ast.parse(inspect.getsource(module)).body:
            if isinstance(line, ast.If) and "TYPE_CHECKING" in ast.unparse(line.test):
                for statement in line.body:
                    _add_names(module, statement)
    return module


def _add_names(module: Any, statement: ast.stmt) -> None:
    """What an import gives names to; one that fails leaves its annotations unread."""
    with suppress(ImportError, AttributeError):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                whole = importlib.import_module(alias.name)
                module.__dict__.setdefault(alias.asname or alias.name, whole)
        elif isinstance(statement, ast.ImportFrom):
            origin = importlib.import_module("." * statement.level + (statement.module or ""), module.__package__)
            for alias in statement.names:
                module.__dict__.setdefault(alias.asname or alias.name, getattr(origin, alias.name))


def _silence() -> None:
    """What functions print goes nowhere, and nothing can be typed to them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _forked(module: Any, call: dict[str, Any], seconds: float, megabytes: int) -> str:
    """The text of a call's result, from a process of its own."""
    function = _typed(getattr(module, call["name"], None))
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            os.close(read)
            _limit(seconds, megabytes)
            os.write(write, _result(function, call).encode("utf-8", "backslashreplace"))
        os._exit(0)
    os.close(write)
    try:
        text = _read(read, time.monotonic() + seconds)
    finally:
        os.close(read)
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    if text is None:
        return _error(f"It took longer than {seconds:g} seconds")
    return text or _error(f"It ended without a result (status {os.waitstatus_to_exitcode(status)})")


def _limit(seconds: float, megabytes: int) -> None:
    os.setsid()  # so that what it starts ends with it
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + megabytes * 2**20
    limits = {
        resource.RLIMIT_CPU: int(seconds) + 1,
        resource.RLIMIT_AS: room,
        resource.RLIMIT_FSIZE: megabytes * 2**20,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


@lru_cache(maxsize=1024)
def _typed(function: Any) -> Any:
    """A function whose arguments become what its annotations say (a date, an enum, a model)."""
    try:
        return validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)
    except (PydanticUserError, NameError, TypeError):  # annotations that pydantic does not know
        return function


def _result(function: Any, call: dict[str, Any]) -> str:
    try:
        value = _called(function, call["arguments"])
        if not isinstance(value, dict):
            value = {"result": value}
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except BaseException as error:
        return _error(_said(error))
    return text if len(text) <= MOST_CHARACTERS else _error(f"The result is longer than {MOST_CHARACTERS} characters")


def _called(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What a function returns, as JSON."""
    value = function(**arguments)
    if inspect.iscoroutine(value):
        value = asyncio.run(value)
    return to_jsonable_python(value, fallback=str)


def _said(error: BaseException) -> str:
    """An error in one line of its own words."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300].removesuffix(": ")


def _error(text: str) -> str:
    return json.dumps({"error": text}, ensure_ascii=False)


def _read(pipe: int, deadline: float) -> str | None:
    """All that comes through the pipe, or None when time is up."""
    data = b""
    while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
        more = os.read(pipe, 1 << 16)
        if not more:
            return data.decode("utf-8", "replace")
        data += more
    return None


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
