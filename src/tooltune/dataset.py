"""The dataset of a run: made when it is not there, read and checked, split for training and testing."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tooltune.config import DataConfig
from tooltune.errors import DataError
from tooltune.files import file_hash, writable_folder
from tooltune.formats.documented import read_examples, write_texts
from tooltune.formats.streams import suffix_of
from tooltune.generate import GenerationReport
from tooltune.generate.catalogue import Drawn
from tooltune.generate.distinct import Candidate, distinct
from tooltune.generate.engines import engine
from tooltune.generate.parts import SIZE, Engine, Job, candidates, parts_folder
from tooltune.generate.runner import Plan, examples_of, make_plan
from tooltune.tools import PythonFunctions
from tooltune.types import Example, Tool
from tooltune.verify import check_example

Rewrite = Callable[[Job, Iterator[Candidate[str]]], Iterator[Candidate[str]]]
_STEP = 20
"""Examples between two reports of progress."""


@dataclass(frozen=True)
class Split:
    """The two parts of a dataset. No phrasing family of one occurs in the other."""

    train: list[Example]
    held_out: list[Example]
    by: str
    """What the split went by, for the report."""

    def scenarios(self) -> dict[str, dict[str, int]]:
        """How many examples of each scenario either part has."""
        parts = {"train": self.train, "held_out": self.held_out}
        return {part: dict(Counter(map(_scenario, examples))) for part, examples in parts.items()}


def _scenario(example: Example) -> str:
    return str(example.metadata.get("scenario", "unnamed"))


def make_dataset(
    config: DataConfig,
    tools: Sequence[Tool],
    progress: Callable[[int, int], None] | None = None,
    *,
    make: Engine | None = None,
    rewrite: Rewrite | None = None,
    functions: PythonFunctions | None = None,
) -> GenerationReport:
    """Generate the dataset into `config.data_path`, keeping a file that is already there.

    Args:
        config: the settings.
        tools: what it is about.
        progress: called now and then with the examples that are written, and how many there will be.
        make: makes its parts; by default `config.workers` processes do.
        rewrite: changes candidates before repetitions are settled, as a teacher does.
        functions: really run when they are called, in place of the simulated world.
    """
    path = config.data_path
    suffix = suffix_of(path)
    writable_folder(path.parent, "the dataset")
    plan = _plan(config, tools, functions)
    report = GenerationReport(tools=plan.callable())
    with parts_folder(path, _fingerprint(config, tools, suffix, functions)) as folder:
        job = Job(plan, suffix, folder)
        made = candidates(job, make or engine(config.workers))
        kept = distinct(rewrite(job, made) if rewrite else made, job.instead, report)
        new = folder / f"dataset{suffix}"
        write_texts(new, _counted((candidate.content for candidate in kept), config.num_examples, progress))
        keep_previous(path, new)
        new.replace(path)
    return report


def stream_examples(config: DataConfig, tools: Sequence[Tool], seed: int, held_out: bool = False) -> Iterator[Example]:
    """Examples as `make_dataset` makes them, in this process and of one part only.

    Args:
        config: the settings; its seed draws the catalogue's wording.
        tools: what they are about.
        seed: of the examples.
        held_out: use the held-out wording, instead of that for training.
    """
    plan = _plan(config, tools, None)
    return examples_of(replace(plan, seed=seed, held_out=plan.total if held_out else 0))


def _plan(config: DataConfig, tools: Sequence[Tool], functions: PythonFunctions | None) -> Plan:
    return make_plan(
        tools,
        config.num_examples,
        config.seed,
        held_out_share=config.held_out_share,
        examples_per_tool_set=config.examples_per_tool_set,
        max_tools_in_view=config.max_tools_in_view,
        wording=catalogue_tools(config).wording if config.catalogue else None,
        shares=config.shares(),
        renamed_share=config.renamed_share,
        answered_share=config.answered_share,
        one_tool_share=config.one_tool_share,
        all_tools_share=config.all_tools_share,
        plain_wording_share=config.plain_wording_share,
        functions=functions,
    )


def _fingerprint(config: DataConfig, tools: Sequence[Tool], suffix: str, functions: PythonFunctions | None) -> str:
    """What the parts of a dataset depend on: settings, tools, the file's layout, and this program."""
    settings = config.model_dump(mode="json", include=set(DataConfig.model_fields) - {"data_path", "workers"})
    values = [
        settings,
        [tool.to_dict() for tool in tools],
        suffix,
        SIZE,
        _program_hash(),
        functions and [functions.names, functions.versions, functions.seconds, functions.megabytes],
    ]
    return hashlib.sha256(json.dumps(values).encode("utf-8", "surrogatepass")).hexdigest()


def _program_hash() -> str:
    """A hash of the package's source and wording: another version must not go on with this one's parts."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".yaml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def catalogue_tools(config: DataConfig) -> Drawn:
    """The tools that the settings draw from the catalogue, with their wording."""
    from tooltune.generate.catalogue import draw

    return draw(config.catalogue, config.seed, config.catalogue_part)


def keep_previous(path: Path, new: Path) -> Path | None:
    """Move a file that is about to be replaced by different bytes to `data.previous-1.json`."""
    if not path.exists() or file_hash(path) == file_hash(new):
        return None
    number = 1
    suffix = suffix_of(path)
    stem = path.name[: -len(suffix)]
    while (kept := path.with_name(f"{stem}.previous-{number}{suffix}")).exists():
        number += 1
    path.replace(kept)
    return kept


def _counted(texts: Iterator[str], total: int, progress: Callable[[int, int], None] | None) -> Iterator[str]:
    for done, text in enumerate(texts, start=1):
        yield text
        if progress is not None and (done % _STEP == 0 or done == total):
            progress(done, total)


def load_dataset(path: Path) -> list[Example]:
    """Read a dataset and check that every example can be trained on.

    Raises:
        DataError: names the file, the example (or line) and the key.
    """
    return list(read_examples(path, check=check_example))


def load_split(path: Path, share: float) -> Split:
    """Read a dataset, check it and split it; `share` is held out where the dataset itself does not say."""
    return split_dataset(load_dataset(path), share, str(path))


def split_dataset(examples: Sequence[Example], share: float, where: str) -> Split:
    """Split a dataset into training and held-out parts.

    By `split` where every example has one; else by `families`, so that no phrasing family is on both
    sides; else by the first user message.

    Raises:
        DataError: one part would be empty.
    """
    if all(example.metadata.get("split") in ("train", "held_out") for example in examples):
        by, held = "the split in the file", [e.metadata["split"] == "held_out" for e in examples]
    elif all(example.metadata.get("families") for example in examples):
        by, held = "phrasing family", _held_by_family(examples, share)
    else:
        by, held = "user message", [_in_share(_question(example), share) for example in examples]
    pairs = list(zip(examples, held, strict=True))
    split = Split([e for e, h in pairs if not h], [e for e, h in pairs if h], by)
    for name, part in (("training", split.train), ("held-out", split.held_out)):
        if not part:
            raise DataError(
                where,
                f"no example for the {name} part among {len(examples)} (split by {by})",
                fix="Give more examples, or another --held_out_share.",
            )
    return split


def _held_by_family(examples: Sequence[Example], share: float) -> list[bool]:
    """Held out are examples joined, through families they have in common, to a held-out one.

    Examples that share a family form a component (union-find over families); whole components
    are held out.
    """
    parent: dict[str, str] = {}

    def root(family: str) -> str:
        parent.setdefault(family, family)
        while parent[family] != family:
            parent[family] = family = parent[parent[family]]
        return family

    for example in examples:
        first, *others = map(str, example.metadata["families"])
        for other in others:
            parent[root(other)] = root(first)
    return [_in_share(root(str(example.metadata["families"][0])), share) for example in examples]


def _in_share(text: str, share: float) -> bool:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def _question(example: Example) -> str:
    return next((m.content.casefold().strip() for m in example.messages if m.role == "user"), "")
