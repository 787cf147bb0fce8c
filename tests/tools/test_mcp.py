"""Live MCP servers: tiny ones written with the SDK, over stdio and over HTTP on this machine."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tooltune.errors import MissingExtraError, ToolDefinitionError
from tooltune.tools import load_sources
from tooltune.tools.mcp import read_mcp

HIGH_LEVEL = '''
import sys
from typing import Literal
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel

server = MCPServer("tiny")

class Point(BaseModel):
    x: float
    next: "Point | None" = None

@server.tool()
def measure(start: Point, unit: Literal["km", "mi"] = "km") -> float:
    """Measure a way."""
    return 1.0

print("a line for the log", file=sys.stderr)
if len(sys.argv) > 1:
    server.run("streamable-http", port=int(sys.argv[1]))
else:
    server.run()
'''
PAGES = """
import anyio, sys
import mcp.types as types
from mcp.server import Server
from mcp.server.stdio import stdio_server

SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}}
BAD = {"type": "object", "properties": {"x": {"type": "string", "pattern": "("}}}
PAGES = {
    None: ([("a", SCHEMA), ("b", SCHEMA)], "p2"),
    "p2": ([("c", SCHEMA), ("bad", BAD), ("a", SCHEMA)], sys.argv[1] if len(sys.argv) > 1 else None),
}

async def listed(context, params):
    tools, following = PAGES[params.cursor if params else None]
    return types.ListToolsResult(
        tools=[types.Tool(name=name, title="Title", input_schema=schema) for name, schema in tools],
        next_cursor=following,
    )

async def main():
    server = Server("pages", on_list_tools=listed)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())

anyio.run(main)
"""


def command(folder: Path, source: str, *arguments: str) -> str:
    path = folder / "a server.py"
    path.write_text(source, encoding="utf-8")
    return "mcp:" + shlex.join([sys.executable, str(path), *arguments])


def test_a_server_over_stdio(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = command(tmp_path, HIGH_LEVEL)
    loaded = load_sources([source])
    (tool,) = loaded.tools
    assert (tool.name, tool.description) == ("measure", "Measure a way.")
    schema = tool.schema()
    assert schema["required"] == ["start"]
    assert schema["properties"]["unit"]["enum"] == ["km", "mi"]
    assert schema["properties"]["start"]["properties"]["x"]["type"] == "number"
    assert "$defs" not in schema
    assert loaded.notices == (f"{source}, tool 'measure': the recursive reference #/$defs/Point is cut after 2 levels",)
    assert capfd.readouterr() == ("", "")


def test_all_pages_are_read(tmp_path: Path) -> None:
    source = command(tmp_path, PAGES)
    loaded = read_mcp(source)
    assert [(tool.name, tool.description) for tool in loaded.tools] == [("a", "Title"), ("b", "Title"), ("c", "Title")]
    assert "tools[0] 'bad'" in loaded.notices[0]
    assert "left out: not a valid JSON Schema" in loaded.notices[0]
    assert loaded.notices[1].endswith("tool 'a': listed twice; the first is kept")


def test_pages_that_never_end(tmp_path: Path) -> None:
    loaded = read_mcp(command(tmp_path, PAGES, "p2"))
    assert len(loaded.tools) == 3
    assert "names the page 'p2' again" in loaded.notices[0]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server over HTTP on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "server.py").write_text(HIGH_LEVEL, encoding="utf-8")
    started = [sys.executable, str(tmp_path / "server.py"), str(port)]
    with subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
        server.terminate()


def test_a_server_over_http(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert [tool.name for tool in load_sources([f"mcp:{url}"]).tools] == ["measure"]
    with pytest.raises(ToolDefinitionError, match=r"/nowhere: .*expected an MCP server"):
        read_mcp(f"mcp:{url}/nowhere")


def test_a_variable_is_put_in_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    check = "import os, sys; print(os.environ['KEY'] == 's3cret', os.environ.get('SECRET_TOKEN'), file=sys.stderr)"
    source = f"mcp:env KEY=${{SECRET_TOKEN}} {shlex.join([sys.executable, '-c', check])}"
    with pytest.raises(ToolDefinitionError) as caught:
        read_mcp(source)
    assert "the server said: True None" in str(caught.value)
    assert "s3cret" not in str(caught.value).replace(source, "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("mcp:", "nothing after mcp:"),
        ("mcp:'", "no command line"),
        ("mcp:no-such-command-at-all", "No such file"),
        ("mcp:env A=${NO_SUCH_VARIABLE} x", "the environment variable NO_SUCH_VARIABLE is not set"),
        ("mcp:http://127.0.0.1:9/mcp", "expected an MCP server"),
        (f"mcp:{sys.executable} -c 'import sys; sys.exit(\"broken: no key\")'", "the server said: broken: no key"),
        (f"mcp:{sys.executable} -c 'print(1)'", "expected an MCP server"),
    ],
)
def test_what_fails_is_said(source: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ToolDefinitionError) as caught:
        read_mcp(source)
    assert str(caught.value).startswith(source)
    assert said in str(caught.value)


def test_a_server_that_says_nothing_is_stopped(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, pathlib, sys; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); sys.stdin.read()"
    with pytest.raises(ToolDefinitionError, match=r"no list of tools after 1\.5 s"):
        read_mcp("mcp:" + shlex.join([sys.executable, "-c", code]), timeout=1.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tooltune\[mcp\]'"):
        read_mcp("mcp:anything")
