"""Runs the functions of Python sources, each call in a process with limits (`tools.sandbox` says which)."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tooltune.errors import ToolDefinitionError
from tooltune.files import file_hash
from tooltune.tools import sandbox
from tooltune.types import ToolCall

_REPEATED = 4096
"""Results that are remembered: a call and its replay are one run."""


@dataclass(frozen=True)
class PythonFunctions:
    """Functions that calls are really run with; `World` simulates the calls of all other tools.

    What a function returns is the result, as a JSON object; anything else but an object stands under `result`.
    What it raises, and a limit that it meets, becomes `{"error": "..."}`. Data made with functions that answer
    differently each time (a clock, chance, the network) is not the same for the same seed.
    """

    names: tuple[tuple[str, str], ...]
    """(function, source) pairs; a source is a .py file or the name of a module."""
    seconds: float = 5
    """Time for a call."""
    megabytes: int = 512
    """Memory for a call."""
    versions: tuple[str, ...] = ()
    """Hashes of the sources, where they are files: data made with others is another."""

    @classmethod
    def of(cls, sources: Mapping[str, Sequence[str]], seconds: float, megabytes: int) -> PythonFunctions:
        """The functions of sources, each with its names.

        Raises:
            ToolDefinitionError: a source cannot be run.
        """
        for source in sources:
            _process(source, seconds, megabytes)
        names = tuple((name, source) for source, names in sources.items() for name in names)
        versions = tuple(file_hash(source) for source in sources if Path(source).is_file())
        return cls(names, seconds, megabytes, versions)

    def runs(self, name: str) -> bool:
        """Whether a tool of this name is one of the functions."""
        return name in dict(self.names)

    def __call__(self, call: ToolCall) -> str:
        """The text of the result of a call that `runs` is true of."""
        return _result(self, call.name, json.dumps(dict(call.arguments)))


@lru_cache(maxsize=_REPEATED)
def _result(functions: PythonFunctions, name: str, arguments: str) -> str:
    source = dict(functions.names)[name]
    line = json.dumps({"name": name, "arguments": json.loads(arguments)})
    return _process(source, functions.seconds, functions.megabytes).answer(line)


@lru_cache(maxsize=64)
def _process(source: str, seconds: float, megabytes: int) -> _Process:
    return _Process(source, seconds, megabytes)


class _Process:
    """A running `tools.sandbox`; it ends with this process, since its input does."""

    def __init__(self, source: str, seconds: float, megabytes: int) -> None:
        self._source, self._lock = source, threading.Lock()
        command = [sys.executable, str(Path(sandbox.__file__)), source, str(seconds), str(megabytes)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        atexit.register(self._close)
        failure = json.loads(self._line() or '{"failure": "it ended at once"}')["failure"]
        if failure:
            self._close()
            raise ToolDefinitionError(source, f"cannot be run: {failure}", fix="Correct it, or leave out --execute")

    def answer(self, line: str) -> str:
        """The answer to a line."""
        with self._lock:
            if self._process.stdin is None or self._process.poll() is not None:
                raise ToolDefinitionError(self._source, "its process ended")
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            return self._line().removesuffix("\n")

    def _line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""

    def _close(self) -> None:
        self._process.kill()
        self._process.communicate()
