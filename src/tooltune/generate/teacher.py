"""A model the user gives, behind an OpenAI-compatible server: asked for text, never trusted.

The official client retries what may pass (timeouts, cut connections, 429, 5xx) and waits longer each time. Every
answer goes into a cache on disk at once, so that a run that is killed pays for nothing twice. The key comes from
the environment only (OPENAI_API_KEY); a server of one's own needs none.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tooltune.config import TeacherConfig
from tooltune.errors import ConfigError, TeacherError, missing_extra

MOST_FAILURES = 10
"""Requests in a row that fail before the run stops: the server is gone."""
_PREFIX = "openai:"
_RETRIES = 5


@dataclass
class Usage:
    """What was asked, what it took, and what it cost."""

    asked: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    """Why an original was kept -> how often; "rewritten" counts the others."""

    def to_text(self, config: TeacherConfig) -> str:
        """Two lines: requests, tokens, cost; what became of the answers."""
        prices = (config.teacher_input_price, config.teacher_output_price)
        cost = (self.tokens_in * prices[0] + self.tokens_out * prices[1]) / 1e6
        known = f", cost {cost:.4f} at the prices given" if any(prices) else ""
        tokens = f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out"
        outcome = ", ".join(f"{reason} {count}" for reason, count in self.kept.most_common())
        return (
            f"  teacher: {self.asked} requests, {self.cached} answers from the cache, {tokens}{known}\n"
            f"  teacher's answers: {outcome or 'none'}"
        )


class Teacher:
    """Asks the model; may be used by several threads at a time.

    Args:
        config: which model, where, how often.
        cache: the file that keeps its answers.

    Raises:
        ConfigError: the name of the model is not understood.
        MissingExtraError: the client is not installed.
    """

    def __init__(self, config: TeacherConfig, cache: Path) -> None:
        self.config, self.usage = config, Usage()
        self.model, self._url = _model_and_url(config.teacher)
        self._client = _client(self._url, config.teacher_timeout)
        self._lock = threading.Lock()
        self._failures = 0
        self._next = 0.0
        self._cache = _Cache(cache)

    def ask(self, messages: Sequence[dict[str, str]], seed: int) -> str | None:
        """The model's answer to a conversation, or None when it gave none; from the cache if it was asked before.

        Raises:
            TeacherError: the server refuses the key or the model, or is gone.
        """
        key = hashlib.sha256(json.dumps([self.model, self._url, list(messages), seed]).encode()).hexdigest()
        known = self._cache.get(key)
        if known is not None:
            with self._lock:
                self.usage.cached += 1
            return known
        answer = self._request(messages, seed)
        if answer is not None:
            self._cache.put(key, answer)
        return answer

    def count(self, outcome: str) -> None:
        """Note what became of an answer."""
        with self._lock:
            self.usage.kept[outcome] += 1

    def _request(self, messages: Sequence[dict[str, str]], seed: int) -> str | None:
        import openai

        self._wait()
        refused = (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError)
        try:
            reply = self._client.chat.completions.create(model=self.model, messages=list(messages), seed=seed)
            answer = reply.choices[0].message.content
        except refused as error:
            fix = "Check the name of the model, its URL, and OPENAI_API_KEY"
            raise TeacherError(self._where(), f"refused: {error}", fix=fix) from None
        # A body that is no JSON, or other JSON than agreed, is an answer of the server's: counted, not fatal.
        except (openai.OpenAIError, ValueError, AttributeError, TypeError, IndexError) as error:
            self._failed(error)
            return None
        with self._lock:
            self._failures = 0
            self.usage.tokens_in += getattr(reply.usage, "prompt_tokens", 0) or 0
            self.usage.tokens_out += getattr(reply.usage, "completion_tokens", 0) or 0
        return answer if isinstance(answer, str) else None

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._failures += 1
            gone = self._failures >= MOST_FAILURES
        if gone:
            fix = "Start the server and run the same command again: its answers so far are kept"
            raise TeacherError(self._where(), f"{MOST_FAILURES} requests in a row failed, last: {error}", fix=fix)

    def _wait(self) -> None:
        """Keep to the rate: requests start evenly spaced."""
        with self._lock:
            self.usage.asked += 1
            start = max(self._next, time.monotonic())
            self._next = start + (60 / self.config.teacher_rate if self.config.teacher_rate else 0)
        time.sleep(max(0.0, start - time.monotonic()))

    def _where(self) -> str:
        return f"--teacher {self.config.teacher}"


def _model_and_url(text: str) -> tuple[str, str | None]:
    """`openai:MODEL` or `openai:MODEL@URL`."""
    model, at, url = text.removeprefix(_PREFIX).partition("@http")
    if not text.startswith(_PREFIX) or not model:
        raise ConfigError("--teacher", repr(text), "openai:MODEL or openai:MODEL@URL")
    return model, f"http{url}" if at else None


def _client(url: str | None, timeout: float) -> Any:
    try:
        import openai
    except ImportError as error:
        missing_extra("openai", "teacher", error)
    key = os.environ.get("OPENAI_API_KEY")
    if not key and url is None:
        raise ConfigError("--teacher", "no key", "the variable OPENAI_API_KEY", "Set it, or give the URL of a server")
    return openai.OpenAI(api_key=key or "none", base_url=url, timeout=timeout, max_retries=_RETRIES)


class _Cache:
    """Key -> answer, in one SQLite file; an answer is on disk when `put` returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        except sqlite3.Error as error:
            raise TeacherError(str(path), f"the teacher's cache cannot be used: {error}", fix="Remove it") from None

    def get(self, key: str) -> str | None:
        with self._lock:
            row = self._database.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, answer: str) -> None:
        with self._lock, suppress(UnicodeEncodeError):  # half a surrogate pair cannot be kept
            self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, answer))
