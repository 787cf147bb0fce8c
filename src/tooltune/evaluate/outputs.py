"""What models wrote, kept as it comes: a killed evaluation goes on from it, and rescoring needs no model.

A line of `outputs.jsonl` is one reply: the item, the hashes of the prompt and of the model, the raw text, whether
it was cut off, its tokens and seconds. Nothing is ever removed; of lines with the same key the last counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tooltune.files import file_hash, output_error

OUTPUTS = "outputs.jsonl"
_WEIGHTS = (".safetensors", ".bin", ".gguf")
_SETTINGS = ("config.json", "adapter_config.json")


@dataclass(frozen=True)
class Output:
    """What a model wrote after one prompt."""

    text: str = ""
    """The raw reply, without the end token."""
    truncated: bool = False
    """The limit on new tokens, or the model's context, came before an end token."""
    too_long: bool = False
    """The prompt leaves no room in the model's context; nothing was run."""
    tokens: int = 0
    """Tokens of the reply."""
    seconds: float = 0.0
    """Its share of the time that its batch took."""


class OutputLog:
    """The replies of one model in a file that several models share.

    Args:
        path: the file; it need not exist.
        label: how the model is called in reports.
        model: the model's hash, see `model_hash`.
    """

    def __init__(self, path: Path, label: str, model: str) -> None:
        self.path, self.label, self.model = path, label, model
        self._known = {(line["item"], line["prompt"]): line for line in _lines(path) if line["model"] == model}

    def find(self, item: str, prompt: str) -> Output | None:
        """The output for an item and the hash of its prompt, if there is one."""
        line = self._known.get((item, prompt))
        return _output(line) if line else None

    def last(self, item: str) -> Output | None:
        """The newest output for an item, whatever its prompt."""
        found = [line for (known, _), line in self._known.items() if known == item]
        return _output(found[-1]) if found else None

    def add(self, item: str, prompt: str, output: Output) -> None:
        """Append one output.

        Raises:
            OutputError: the file cannot be written.
        """
        key = {"item": item, "prompt": prompt, "label": self.label, "model": self.model}
        line = json.dumps(key | asdict(output), ensure_ascii=False)
        try:
            with self.path.open("ab+") as file:
                file.write(f"{_newline(file)}{line}\n".encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise output_error(self.path, error, "the replies") from error
        self._known[item, prompt] = key | asdict(output)


def _newline(file: Any) -> str:
    """What ends a line that a killed run left unfinished."""
    if not file.tell():
        return ""
    file.seek(-1, 2)
    return "" if file.read(1) == b"\n" else "\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines that hold an output; one that a killed run left unfinished does not."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and {"item", "prompt", "model", "text"} <= value.keys():
                yield value


def _output(line: Mapping[str, Any]) -> Output:
    return Output(**{field.name: line[field.name] for field in fields(Output) if field.name in line})


def prompt_hash(ids: Sequence[int]) -> str:
    """The hash of a prompt's token ids."""
    return _hash(list(ids))


def model_hash(name: str, settings: Mapping[str, Any]) -> str:
    """What a model's replies depend on beside the prompt, as a hash: its files, or its name, and the settings."""
    folder = Path(name)
    names = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    files = {path.name: file_hash(path) for path in names if path.suffix in _WEIGHTS or path.name in _SETTINGS}
    return _hash([files or name, dict(settings)])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
