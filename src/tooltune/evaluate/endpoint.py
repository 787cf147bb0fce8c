"""Answers of an OpenAI-compatible chat endpoint: Ollama, vLLM, llama.cpp's server, or a provider's.

    tooltune evaluate --endpoint http://127.0.0.1:11434/v1 --model qwen3:0.6b --data data.jsonl

Tools go out as OpenAI tools and calls come back as `tool_calls`. The reply is kept as text of the documented
format, with the string of arguments as the endpoint wrote it, and read by the same parser as every
other reply; calls that a server without a tool parser leaves in the content are read there too. The `openai` client
retries with growing pauses, or after the pause that the server asks for. What still fails has a name and
stays in the denominator.

Not covered: streaming, images or audio, and models that refuse `max_tokens` (OpenAI's reasoning models).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from tooltune.chat.render import nested
from tooltune.errors import missing_extra
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Finished, Output, Replies
from tooltune.types import Message, Tool

LONGEST_PAUSE = 120
"""Seconds that the client waits at most between two tries, when the server asks for a pause."""
_DETAIL = 300
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, and how patiently."""

    url: str
    """The base URL, as in http://127.0.0.1:8000/v1."""
    model: str
    api_key: str = "none"
    concurrency: int = 8
    """Requests at a time."""
    timeout: float = 120.0
    """Seconds to wait for one reply."""
    retries: int = 4
    """Further tries after a time-out, a lost connection, HTTP 408, 409, 429 or 5xx."""
    max_new_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0


def endpoint_replies(endpoint: Endpoint) -> Replies:
    """A source that asks `endpoint`.

    Args:
        endpoint: where, and how.

    Raises:
        MissingExtraError: the `openai` client is not installed.
    """
    try:
        import openai  # noqa: F401
    except ImportError as error:
        missing_extra("openai", "endpoint", error)
    return lambda items, finished: asyncio.run(_ask_all(endpoint, items, finished))


async def _ask_all(endpoint: Endpoint, items: Sequence[Item], finished: Finished) -> None:
    from openai import AsyncOpenAI

    free = asyncio.Semaphore(endpoint.concurrency)

    async def one(place: int, item: Item) -> None:
        async with free:
            output = await _ask(client, endpoint, item)
        finished(place, output)

    async with AsyncOpenAI(
        base_url=endpoint.url, api_key=endpoint.api_key, timeout=endpoint.timeout, max_retries=endpoint.retries
    ) as client:
        await asyncio.gather(*(one(place, item) for place, item in enumerate(items)))


async def _ask(client: Any, endpoint: Endpoint, item: Item) -> Output:
    """One item's output; whatever goes wrong on the way is an output too."""
    from openai import OpenAIError

    names = safe_names(item.tools)
    # The client's own time-out is for each piece of a response; this one ends a response that only trickles.
    deadline = (endpoint.retries + 1) * (endpoint.timeout + LONGEST_PAUSE)
    try:
        async with asyncio.timeout(deadline):
            response = await client.chat.completions.with_raw_response.create(**_request(endpoint, item, names))
            return read_completion(response.text, names, response.elapsed.total_seconds())
    except (OpenAIError, TimeoutError, UnicodeError) as error:  # UnicodeError: text that UTF-8 cannot hold
        return _failed(_name(error), str(error))


def _request(endpoint: Endpoint, item: Item, names: Mapping[str, str]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": endpoint.model,
        "messages": request_messages(item.messages, names),
        "max_tokens": endpoint.max_new_tokens,
        "temperature": endpoint.temperature,
    }
    if endpoint.temperature:  # some servers refuse a request with a seed
        request["seed"] = endpoint.seed + item.sample
    if item.tools:
        request["tools"] = [_request_tool(tool, names) for tool in item.tools]
    return request


def _request_tool(tool: Tool, names: Mapping[str, str]) -> dict[str, Any]:
    entry = nested(tool)
    return entry | {"function": entry["function"] | {"name": names[tool.name]}}


def safe_names(tools: Sequence[Tool]) -> dict[str, str]:
    """A name that OpenAI allows, `[a-zA-Z0-9_-]{1,64}`, for each tool's own; all different."""
    names: dict[str, str] = {}
    for tool in tools:
        short = safe = _NOT_ALLOWED.sub("_", tool.name)[:64]
        while safe in names.values():
            safe = f"{short[:60]}_{len(names)}" if safe == short else f"{safe[:63]}_"
        names[tool.name] = safe
    return names


def request_messages(messages: Sequence[Message], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Messages as OpenAI has them; results belong to the calls before them, in order."""
    pending: deque[str] = deque()
    sent = []
    for turn, message in enumerate(messages):
        entry: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            entry["tool_calls"] = [
                {
                    "id": f"call_{turn}_{number}",
                    "type": "function",
                    "function": {
                        "name": names.get(call.name, call.name),
                        "arguments": json.dumps(dict(call.arguments), ensure_ascii=False),
                    },
                }
                for number, call in enumerate(message.tool_calls)
            ]
            pending.extend(call["id"] for call in entry["tool_calls"])
        if message.role == "tool":
            entry["tool_call_id"] = pending.popleft() if pending else f"call_{turn}"
        sent.append(entry)
    return sent


class _Function(BaseModel):
    name: str
    arguments: str | dict[str, Any] | None = None


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    completion_tokens: int | None = None


class _Completion(BaseModel):
    """What is read of a chat completion; servers add more."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def read_completion(body: str, names: Mapping[str, str], seconds: float | None = None) -> Output:
    """The output in a response's body; a body that is no chat completion is a failure by name."""
    try:
        completion = _Completion.model_validate_json(body)
    except ValueError as error:
        return _failed("unreadable_response", f"{error}: {body}")
    choice, own = completion.choices[0], {safe: name for name, safe in names.items()}
    calls = [_written(call.function, own) for call in choice.message.tool_calls or ()]
    content = choice.message.content or choice.message.refusal or ""
    text = "\n\n".join(filter(None, [content.strip(), "\n".join(calls)]))
    tokens = completion.usage.completion_tokens if completion.usage else None
    return Output(text, choice.finish_reason == "length", tokens=tokens, seconds=seconds)


def _written(call: _Function, own: Mapping[str, str]) -> str:
    """A call as text, the arguments as they came; servers write those of a call without any in several ways."""
    given = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments or {}, ensure_ascii=False)
    name = own.get(call.name, call.name)
    return f"<tool_call>\nname: {name}\nparameters: {given.strip() or '{}'}\n</tool_call>"


def _failed(name: str, detail: str) -> Output:
    return Output(failed=name, detail=" ".join(detail.split())[:_DETAIL] or name)


def _name(error: Exception) -> str:
    """The failure, as `scorers.FAILURES` calls it."""
    from openai import APIConnectionError, APITimeoutError

    if isinstance(error, TimeoutError | APITimeoutError):
        return "timed_out"
    if isinstance(error, APIConnectionError):
        return "refused" if type(error.__cause__).__name__ == "ConnectError" else "cut_off"
    status = getattr(error, "status_code", 0)
    if status == 429:
        return "rate_limited"
    return "server_error" if status >= 500 else "rejected"
