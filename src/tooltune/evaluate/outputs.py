"""Who answers, and what was answered: the one thing that evaluation asks of a model, wherever the model runs.

Outputs are kept as they come: a killed evaluation goes on from them, and rescoring needs no model. A line of
`outputs.jsonl` is one output with its item and the hashes of the prompt and of the model. Nothing is ever
removed; of lines with the same key the last counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tooltune.evaluate.items import Item
from tooltune.files import file_hash, output_error

OUTPUTS = "outputs.jsonl"
_WEIGHTS = (".safetensors", ".bin", ".gguf")
_SETTINGS = ("config.json", "adapter_config.json")


@dataclass(frozen=True)
class Output:
    """What came back for one item, before it is read, and what it cost."""

    text: str = ""
    """The raw reply, without the end token."""
    truncated: bool = False
    """The limit on new tokens, or the model's context, came before an end token."""
    failed: str | None = None
    """Why there is no reply, a key of `scorers.FAILURES`; None when there is one."""
    detail: str | None = None
    """What is known of the failure beyond its name."""
    tokens: int | None = None
    """Length of the reply in tokens; None where the source does not say."""
    seconds: float | None = None
    """From the question to the end of the reply; in a batch that includes waiting for its other rows."""


Finished = Callable[[int, Output], None]
"""Is told of each output as soon as it is there: the place of its item, and the output."""
Replies = Callable[[Sequence[Item], Finished], None]
"""A source of replies: asked for items, it tells one output for each. It never raises on what a model does."""


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
        """The reply to an item and the hash of its prompt, if there is one; what failed is asked again."""
        line = self._known.get((item, prompt))
        return _output(line) if line and not line.get("failed") else None

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


def kept(replies: Replies, log: OutputLog) -> Replies:
    """A source that asks `replies` only for what the log does not hold, and keeps each output as it comes."""

    def ask(items: Sequence[Item], finished: Finished) -> None:
        keys = [prompt_hash(item) for item in items]
        known = [log.find(item.id, key) for item, key in zip(items, keys, strict=True)]
        left = [place for place, output in enumerate(known) if output is None]

        def keep(number: int, output: Output) -> None:
            place = left[number]
            log.add(items[place].id, keys[place], output)
            finished(place, output)

        for place, output in enumerate(known):
            if output is not None:
                finished(place, output)
        if left:
            replies([items[place] for place in left], keep)

    return ask


def collect(
    replies: Replies, items: Sequence[Item], progress: Callable[[int, int], None] | None = None
) -> list[Output]:
    """One output for each item, in their order; one that does not come is an empty reply.

    Args:
        replies: who answers.
        items: what is asked.
        progress: called with (finished, all) after each reply.
    """
    outputs = dict.fromkeys(range(len(items)), Output())
    done = 0

    def finished(place: int, output: Output) -> None:
        nonlocal done
        outputs[place], done = output, done + 1
        if progress:
            progress(done, len(items))

    replies(items, finished)
    return list(outputs.values())


def prompt_hash(item: Item) -> str:
    """The hash of what a model sees of an item: its messages and its tools."""
    return _hash([[part.to_dict() for part in parts] for parts in (item.messages, item.tools)])


def model_hash(name: str, settings: Mapping[str, Any]) -> str:
    """What a model's replies depend on beside the prompt, as a hash: its files, or its name, and the settings."""
    folder = Path(name)
    names = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    files = {path.name: file_hash(path) for path in names if path.suffix in _WEIGHTS or path.name in _SETTINGS}
    return _hash([files or name, dict(settings)])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
