"""A teacher says the user's part of verified examples in other words; it can add variety, never errors.

Only what the user says is rewritten; calls, results and answers stay as they were verified. A rewrite is kept if
the example verifies again (every argument stated, nothing stated left out, no tool's name said) and says nothing
new: the same dates, times and numbers, no new names or quotations, no new negation. Otherwise the original
stays, and the reason is counted. The held-out part and examples without calls are left alone: their wording
is what is measured, and nothing in them would show that a rewrite asks for something else.

Not covered: a rewrite that changes what is asked without changing a value, a name or a negation.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from random import Random

from tooltune.generate.distinct import Candidate
from tooltune.generate.parts import Job
from tooltune.generate.sameness import identity
from tooltune.generate.teacher import Teacher
from tooltune.types import Example, Message
from tooltune.verify import Executor, verify_example
from tooltune.verify.facts import Facts

_MANNERS = (
    "a busy person who writes in short fragments",
    "a polite person who writes full sentences",
    "someone who chats casually",
    "someone who mentions first why they need it",
    "someone who asks a question rather than giving an order",
    "someone whose first language is not English, but who writes correctly",
)
_TASK = (
    "You rewrite what a user says to an assistant. Rewrite each message as {manner} might say it. Keep the meaning. "
    "Keep every name, number, date, time, unit, address and quoted text exactly as it stands, and add none. "
    'Name no tools. Answer with JSON only: {{"messages": [...]}}, one string for each message, in the same order.'
)
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][\w'-]*|\"[^\"]*\"")
_NEGATION = re.compile(r"\b(?:not|no|never|without|don't|doesn't|isn't|won't|can't|cancel|stop)\b", re.IGNORECASE)
_JSON = re.compile(r"\{.*\}", re.DOTALL)


class Rewriter:
    """Rewrites a share of candidates; which ones, and in what manner, depends on the seed and their number alone."""

    def __init__(self, teacher: Teacher, seed: int) -> None:
        self.teacher, self.seed = teacher, seed

    def __call__(self, job: Job, candidates: Iterator[Candidate[str]]) -> Iterator[Candidate[str]]:
        """The candidates of a job in order, some rewritten; several requests are under way at a time."""
        workers = self.teacher.config.teacher_concurrency
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[Candidate[str]]] = deque()
            try:
                for candidate in candidates:
                    waiting.append(pool.submit(self._one, job, candidate))
                    if len(waiting) >= 4 * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, job: Job, candidate: Candidate[str]) -> Candidate[str]:
        rng = Random(f"{self.seed}:{candidate.index}:teacher")
        if candidate.split != "train" or rng.random() >= self.teacher.config.teacher_share:
            return candidate
        original = Example.from_dict(json.loads(candidate.content))
        if not any(message.tool_calls for message in original.messages):
            return candidate
        messages = [{"role": "system", "content": _TASK.format(manner=rng.choice(_MANNERS))}]
        messages.append({"role": "user", "content": json.dumps({"messages": _said(original)}, ensure_ascii=False)})
        outcome, rewritten = judged(original, self.teacher.ask(messages, self.seed), job.plan.catalogue.world().execute)
        self.teacher.count(outcome)
        if rewritten is None:
            return candidate
        marked = replace(rewritten, metadata={**rewritten.metadata, "rewritten_by": self.teacher.model})
        return job.written(candidate.holding(marked, identity(marked)))


def _said(example: Example) -> list[str]:
    return [message.content for message in example.messages if message.role == "user"]


def judged(original: Example, answer: str | None, execute: Executor | None) -> tuple[str, Example | None]:
    """What becomes of a teacher's answer: "rewritten" and the new example, or the reason to keep the original."""
    if answer is None:
        return "no answer", None
    texts = _texts(answer)
    if texts is None or len(texts) != len(_said(original)):
        return "not the JSON asked for", None
    if texts == _said(original):
        return "unchanged", None
    rewritten = replace(original, messages=_with(original.messages, texts))
    for reason, wrong in _CHECKS:
        if any(wrong(old, new) for old, new in zip(_said(original), texts, strict=True)):
            return reason, None
    problem = verify_example(rewritten, execute)
    return ("rewritten", rewritten) if problem is None else (problem.partition(":")[0], None)


def _texts(answer: str) -> list[str] | None:
    """The messages of an answer, or None if it is something else."""
    found = _JSON.search(answer)
    try:
        texts = json.loads(found[0])["messages"] if found else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
        return None
    return [text.strip() for text in texts]


def _with(messages: tuple[Message, ...], texts: list[str]) -> tuple[Message, ...]:
    rest = iter(texts)
    return tuple(replace(m, content=next(rest)) if m.role == "user" else m for m in messages)


def _other_facts(old: str, new: str) -> bool:
    before, after = Facts.read(old), Facts.read(new)
    return (before.dates, before.times, before.numbers) != (after.dates, after.times, after.numbers)


def _new_names(old: str, new: str) -> bool:
    known = old.casefold()
    return any(name.casefold() not in known and name != "I" for name in _NAME.findall(new) if not name.startswith("I'"))


def _new_negation(old: str, new: str) -> bool:
    return len(_NEGATION.findall(new)) != len(_NEGATION.findall(old))


def _out_of_proportion(old: str, new: str) -> bool:
    return len(new) > 4 * len(old) + 80 or "\n" in new


_CHECKS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("out of proportion", _out_of_proportion),
    ("other dates, times or numbers", _other_facts),
    ("new names or quotations", _new_names),
    ("other negation", _new_negation),
)
