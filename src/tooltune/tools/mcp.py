"""Tools from a live MCP server, by its tools/list: a command (stdio) or a URL (streamable HTTP).

    mcp:npx -y @modelcontextprotocol/server-memory
    mcp:https://example.com/mcp

A word may name an environment variable, as `${TOKEN}`: it is put in when the server is started, so that a secret
stands neither in a settings file nor in a run's manifest. A server gets only the usual variables (PATH, HOME, ...);
to give it more: `mcp:env API_KEY=${API_KEY} command`.

Not covered: HTTP servers that ask for a log-in or a header; the older HTTP+SSE transport; calling the tools.
"""

from __future__ import annotations

import logging
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import environ
from typing import IO, TYPE_CHECKING, Any

from tooltune.errors import ToolDefinitionError, missing_extra
from tooltune.tools.check import check_tools
from tooltune.tools.json_file import tool_of
from tooltune.tools.loaded import Loaded
from tooltune.types import Tool

if TYPE_CHECKING:
    from mcp import Client

PREFIX = "mcp:"
TIMEOUT = 60.0
"""Seconds that a server has to start and list its tools; npx may have to download it first."""
MOST_PAGES = 200
"""Pages of a list of tools; a server that always names a next one is stopped."""

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read_mcp(source: str, timeout: float = TIMEOUT) -> Loaded:
    """Ask an MCP server for its tools.

    Args:
        source: `mcp:` and a command line, or a URL.
        timeout: seconds for all of it.

    Raises:
        ToolDefinitionError: the server cannot be started or reached, fails, or takes too long.
        MissingExtraError: the MCP SDK is not installed.
    """
    try:
        import anyio
        from mcp import Client  # noqa: F401
    except ImportError as error:
        missing_extra("mcp", "mcp", error)
    target = _target(source)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log, _quiet():
        try:
            entries, notices = anyio.run(_listed, target, source, timeout, log)
        except TimeoutError:
            fix = "Try the command by itself" if isinstance(target, list) else "Check that the URL is an MCP server's"
            raise ToolDefinitionError(source, f"no list of tools after {timeout:g} s{_tail(log)}", fix=fix) from None
        except Exception as error:  # whatever the SDK or a server does wrong is the source's fault
            raise _failed(source, error, log) from error
    return _loaded(entries, notices, source)


def _target(source: str) -> str | list[str]:
    """The URL, or the words of the command."""
    text = source.removeprefix(PREFIX).strip()
    if re.match(r"https?://", text):
        return _filled(text, source)
    try:
        words = [_filled(word, source) for word in shlex.split(text)]
    except ValueError as error:
        raise ToolDefinitionError(source, f"no command line: {error}", "a command with its arguments") from None
    if not words:
        raise ToolDefinitionError(source, "nothing after mcp:", "a command line, or the URL of a server")
    return words


def _filled(text: str, source: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise ToolDefinitionError(source, f"the environment variable {match[1]} is not set")
        return environ[match[1]]

    return _VARIABLE.sub(value, text)


async def _listed(
    target: str | list[str], source: str, timeout: float, log: IO[str]
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """All pages of tools/list, in the form that a saved file has, and what was lost."""
    import anyio
    from mcp import Client, StdioServerParameters, stdio_client

    with anyio.fail_after(timeout):
        if isinstance(target, str):
            async with Client(target, mode="auto") as client:
                return await _pages(client, source)
        parameters = StdioServerParameters(command=target[0], args=target[1:])
        # A file, because the SDK hands it to the server's process.
        async with Client(stdio_client(parameters, errlog=log), mode="auto") as client:  # type: ignore[arg-type]
            return await _pages(client, source)


async def _pages(client: Client, source: str) -> tuple[list[Mapping[str, Any]], list[str]]:
    entries: list[Mapping[str, Any]] = []
    seen: list[str | None] = [None]
    while len(seen) <= MOST_PAGES:
        page = await client.list_tools(cursor=seen[-1])
        entries += [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools]
        if page.next_cursor is None:
            return entries, []
        if page.next_cursor in seen:
            return entries, [f"{source}: the list of tools names the page {page.next_cursor!r} again; stopped there"]
        seen.append(page.next_cursor)
    return entries, [f"{source}: the list of tools has more than {MOST_PAGES} pages; stopped there"]


def _loaded(entries: list[Mapping[str, Any]], notices: list[str], source: str) -> Loaded:
    """The tools; one that cannot be used is left out, for the server is not the user's to repair."""
    tools: dict[str, Tool] = {}
    for entry in entries:
        try:
            tool = tool_of(_with_description(entry), source)
            check_tools([tool], source)
        except ToolDefinitionError as error:
            notices.append(f"{error.where}: left out: {error.found}")
            continue
        if tool.name in tools:
            notices.append(f"{source}, tool {tool.name!r}: listed twice; the first is kept")
        tools.setdefault(tool.name, tool)
    if not tools:
        raise ToolDefinitionError(source, "a server without usable tools", "at least one tool", " ".join(notices[:1]))
    return Loaded(tuple(tools.values()), tuple(notices))


def _with_description(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry; a title describes a tool that has no description."""
    return {"description": entry.get("title", "")} | dict(entry)


def _failed(source: str, error: BaseException, log: IO[str]) -> ToolDefinitionError:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ToolDefinitionError):
        return error
    text = " ".join(str(error).split()) or type(error).__name__
    fix = (
        "Check the command"
        if isinstance(error, OSError)
        else "Check that it is the command or the URL of an MCP server"
    )
    return ToolDefinitionError(source, f"{text[:300]}{_tail(log)}", "an MCP server", fix)


def _tail(log: IO[str]) -> str:
    """The end of what the server wrote to stderr, for the message that says it failed."""
    log.seek(0)
    text = " ".join(log.read().split())
    return f"; the server said: {text[-400:]}" if text else ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the SDK's own log: with no handler set, Python would print its tracebacks."""
    logger = logging.getLogger("mcp")
    before = logger.disabled, logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.disabled, logger.level = before
