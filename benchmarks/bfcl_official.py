"""Whether BFCL's own command, `bfcl evaluate`, and our report agree, reply for reply.

    python benchmarks/bfcl_official.py --bfcl_python /tmp/bfcl/bin/python            # made replies to every row
    python benchmarks/bfcl_official.py --bfcl_python /tmp/bfcl/bin/python --share 0.1
    python benchmarks/bfcl_official.py --bfcl_python /tmp/bfcl/bin/python --evaluation output/evaluation

The command needs bfcl-eval with all that it depends on, which clashes with what this project needs, so it has a
Python of its own (`docs/evaluation.md` says how to make it). Without --evaluation replies are made here: accepted
answers, mutated ones, words, calls that cannot be read, replies that were cut off, or none at all. With it they are
a model's, from the folder that `tooltune evaluate --suite bfcl` wrote.

Lists of calls on which the original checker ends in a traceback are left out: they would end the command.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bfcl_multi_turn import changed
from bfcl_scorer import Calls, Original, accepted_calls, functions_of, mutated, original_checker, to_calls
from rich.console import Console
from rich.table import Table

from tooltune.chat.parse import parse_reply
from tooltune.chat.render import nested_call, render_reply
from tooltune.errors import TooltuneError
from tooltune.evaluate import Evaluation
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.by_state import StateEvaluation, evaluate_by_state
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Finished, Output, Replies
from tooltune.evaluate.record import Record
from tooltune.evaluate.results import METRICS
from tooltune.evaluate.suites import (
    CATEGORIES,
    MULTI_TURN,
    load_bfcl,
    load_multi_turn,
    write_bfcl_conversations,
    write_bfcl_results,
)
from tooltune.evaluate.suites.bfcl_results import READ_AS
from tooltune.types import ToolCall

Verdicts = dict[str, dict[str, bool]]
"""By category and id, whether the reply is right."""


def official_verdicts(python: Path, results: Path, ids: Mapping[str, Sequence[str]]) -> Verdicts:
    """What the command says of a folder of results.

    Args:
        python: of an environment that has bfcl-eval with all that it depends on.
        results: with the folder of the model.
        ids: what was asked, by category: the command lists only what is wrong.

    Raises:
        SystemExit: the command failed.
    """
    with tempfile.TemporaryDirectory(prefix="bfcl-") as root:
        where = ["--result-dir", str(results.resolve()), "--score-dir", f"{root}/score", "--partial-eval"]
        asked = ["--model", READ_AS, "--test-category", ",".join(ids)]
        command = [str(python), "-m", "bfcl_eval", "evaluate", *asked, *where]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            command, env=environment | {"BFCL_PROJECT_ROOT": root}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return {category: _read(Path(root, "score"), category, asked) for category, asked in ids.items()}


def _read(folder: Path, category: str, asked: Sequence[str]) -> dict[str, bool]:
    """A score file: a line of counts, then each wrong entry."""
    (path,) = folder.rglob(f"BFCL_v4_{category}_score.json")
    counts, *wrong = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    known = {entry["id"] for entry in wrong}
    if (counts["total_count"], counts["correct_count"]) != (len(asked), len(asked) - len(known)):
        raise SystemExit(f"{path}: {counts} where {len(known)} of {len(asked)} are listed as wrong")
    return {identity: identity not in known for identity in asked}


def our_verdicts(evaluation: Evaluation | None, held: StateEvaluation | None) -> Verdicts:
    """Our `board` verdicts on decisions, and those on conversations."""
    verdicts: Verdicts = {}
    for result in evaluation.results if evaluation else ():
        verdicts.setdefault(result.item.scenario, {})[result.item.id] = bool(METRICS["board"].verdict(result))
    for outcome in held.outcomes if held else ():
        verdicts.setdefault(outcome.conversation.scenario, {})[outcome.conversation.id] = outcome.right
    return verdicts


def compare(
    python: Path, folder: Path, evaluation: Evaluation | None, held: StateEvaluation | None
) -> tuple[dict[str, Counter[str]], list[str]]:
    """Counts of each category, and the ids on which the two disagree."""
    if evaluation:
        write_bfcl_results(folder, evaluation)
    if held:
        write_bfcl_conversations(folder, held)
    label = evaluation.label if evaluation else held.label if held else ""
    ours, strict = our_verdicts(evaluation, held), _strict(evaluation, held)
    theirs = official_verdicts(python, folder / label, {name: list(found) for name, found in ours.items()})
    pairs = {name: [(theirs[name][i], ours[name][i]) for i in found] for name, found in ours.items()}
    counts = {name: _counts(found) + Counter(strict=strict[name]) for name, found in pairs.items()}
    return counts, [i for name, found in ours.items() for i in found if theirs[name][i] != found[i]]


def _counts(pairs: Sequence[tuple[bool, bool]]) -> Counter[str]:
    found = Counter(replies=len(pairs), official=sum(theirs for theirs, _ in pairs), ours=sum(our for _, our in pairs))
    return found + Counter(disagree=sum(theirs != our for theirs, our in pairs))


def _strict(evaluation: Evaluation | None, held: StateEvaluation | None) -> Counter[str]:
    """How many are right by category where what is unreadable or was cut off is a failure, as in our headline."""
    right = [result.item.scenario for result in (evaluation.results if evaluation else ()) if result.right]
    right += [outcome.conversation.scenario for outcome in (held.outcomes if held else ()) if outcome.right]
    return Counter(right)


def made_evaluation(share: float, seed: int = 0) -> Evaluation:
    """A made reply to a share of the rows of each category of one turn."""
    original, items, outputs = original_checker(), list[Item](), list[Output]()
    for category in CATEGORIES:
        rng, functions = random.Random(f"{category} {seed}"), functions_of(category)
        for item in _share(load_bfcl([category]), share):
            items.append(item)
            outputs.append(made_output(item, rng, _without_traceback(item, functions[item.id], original)))
    return Evaluation.of("made", items, outputs, parse_reply)


Check = Callable[[Calls], bool]


def _without_traceback(item: Item, functions: object, original: Original) -> Check:
    answers = list(item.answers)
    return lambda calls: not answers or original(item.scenario, functions, answers, calls) is not None


def made_output(item: Item, rng: random.Random, usable: Check) -> Output:
    """What a model might have written: right calls, wrong ones, or something else."""
    made = _calls(item, rng, usable)
    text, cut = render_reply(rng.choice(["", "Sure."]), made), rng.randint(1, 40)
    others = [
        Output(text, truncated=True),
        Output(text[:-cut], truncated=True),
        Output(text[:-cut]),
        Output("No tool here fits."),
        Output("\n".join(f"<tool_call>\n{json.dumps(nested_call(call)['function'])}\n</tool_call>" for call in made)),
        Output(),
        Output(failed="timed_out", detail="no answer within 120 s"),
    ]
    return Output(text) if rng.random() < 0.7 else rng.choice(others)


def _calls(item: Item, rng: random.Random, usable: Check) -> Sequence[ToolCall]:
    """Accepted ones or mutated ones; to any tool where nothing is accepted, or any call will do."""
    if not item.answers:
        return [ToolCall(tool.name, {"x": "y"}) for tool in item.tools[: rng.randrange(3)]]
    while True:
        calls = accepted_calls(item, rng) if rng.random() < 0.5 else mutated(item, rng)
        if usable(calls):
            return to_calls(calls)


def made_conversations(share: float, seed: int = 0) -> StateEvaluation:
    """A made course of a share of the conversations of each category of several turns."""
    conversations, replies = list[BfclConversation](), dict[str, list[Output]]()
    for category in MULTI_TURN:
        rng = random.Random(f"{category} {seed}")
        for conversation in _share(load_multi_turn([category]), share):
            conversations.append(conversation)
            replies[conversation.id] = made_outputs(conversation, rng)
    return evaluate_by_state(_scripted(replies), conversations, label="made")


def made_outputs(conversation: BfclConversation, rng: random.Random) -> list[Output]:
    """The reference's calls, or changed ones, in one reply for each turn or in several; sometimes broken off."""
    turns = [list(calls) for calls in conversation.required]
    turns = turns if rng.random() < 0.5 else changed(turns, conversation, rng)
    outputs = [output for calls in turns for output in [*_replies(calls, rng), Output("Done.")]]
    if rng.random() < 0.2:
        place = rng.randrange(len(outputs))
        others = [Output(outputs[place].text, truncated=True), Output(), Output("<tool_call>\n{}\n</tool_call>")]
        outputs[place] = rng.choice(others)
    return outputs


def _replies(calls: Sequence[ToolCall], rng: random.Random) -> list[Output]:
    if rng.random() < 0.5:
        return [Output(render_reply("", calls))] if calls else []
    return [Output(render_reply("Next.", [call])) for call in calls]


def _scripted(replies: Mapping[str, Sequence[Output]]) -> Replies:
    def answer(items: Sequence[Item], finished: Finished) -> None:
        for place, item in enumerate(items):
            identity, _, number = item.id.rpartition("/")
            script = replies[identity]
            finished(place, script[int(number) - 1] if int(number) <= len(script) else Output("Done."))

    return answer


def _share(rows: Sequence[Any], share: float) -> Sequence[Any]:
    return random.Random(0).sample(rows, max(1, round(share * len(rows))))


def pairs_of(options: argparse.Namespace) -> list[tuple[Evaluation | None, StateEvaluation | None]]:
    """What is compared: each model of an evaluation, or the made replies."""
    if options.evaluation is None:
        return [(made_evaluation(options.share, options.seed), made_conversations(options.share, options.seed))]
    record = Record.read(options.evaluation)
    found, held = record.evaluations(options.evaluation), record.by_state(options.evaluation)
    by_label = {one.label: one for one in held}
    first = {one.label: one for one in reversed(found)}  # of several samples the first
    return [(first.get(label), by_label.get(label)) for label in dict.fromkeys([*first, *by_label])]


COLUMNS = {
    "replies": "replies",
    "official": "official",
    "ours": "ours",
    "disagree": "disagree",
    "strict": "strictly",
}


def main(argv: Sequence[str] | None = None) -> dict[str, dict[str, Counter[str]]]:
    """Print a table for each model; returns the counts by model and category."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--bfcl_python", type=Path, required=True, help="Python of an environment with bfcl-eval")
    parser.add_argument("--evaluation", type=Path, help="folder of tooltune evaluate --suite bfcl; else made replies")
    parser.add_argument("--share", type=float, default=1.0, help="share of the rows of each category, for made replies")
    parser.add_argument("--seed", type=int, default=0, help="of the made replies")
    options = parser.parse_args(argv)
    if not options.bfcl_python.is_file():
        parser.error(f"--bfcl_python: found no file {options.bfcl_python}, expected the Python of an environment")
    try:
        compared = pairs_of(options)
    except TooltuneError as error:
        parser.error(str(error))
    results = {}
    for evaluation, held in compared:
        label = evaluation.label if evaluation else held.label if held else ""
        with tempfile.TemporaryDirectory(prefix="bfcl-results-") as folder:
            results[label], ids = compare(options.bfcl_python, Path(folder), evaluation, held)
        show(label, results[label])
        print(f"Disagreements: {', '.join(ids) or 'none'}")
    return results


def show(label: str, counts: Mapping[str, Counter[str]]) -> None:
    table = Table(title=f"Right replies of {label!r}, by the official command and by us")
    table.add_column("category", no_wrap=True)
    for column in COLUMNS.values():
        table.add_column(column, justify="right")
    for name, found in [*counts.items(), ("all", sum(counts.values(), Counter[str]()))]:
        table.add_row(name, *(f"{found[key]:,}" for key in COLUMNS))
    Console().print(table)


if __name__ == "__main__":
    main()
