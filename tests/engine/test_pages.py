"""A process that starts itself anew in large pages: once, with its arguments, and never against the user's word."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tooltune.engine.pages import VARIABLE, WISH

CODE = f"""
import os, sys
from tooltune.engine.pages import in_large_pages
print("start")
in_large_pages()
print(os.environ.get("{VARIABLE}"), sys.argv[1:])
"""


def run(code: str = CODE, **environment: str) -> list[str]:
    inherited = {name: value for name, value in os.environ.items() if name != VARIABLE}
    command = [sys.executable, "-c", code, "two words", "--flag"]
    done = subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is done on other systems")
def test_starts_anew_with_the_same_arguments() -> None:
    assert run() == ["start", "start", f"{WISH} ['two words', '--flag']"]


def test_the_users_word_stands() -> None:
    assert run(**{VARIABLE: "glibc.malloc.check=1"}) == ["start", "glibc.malloc.check=1 ['two words', '--flag']"]


def grants() -> bool:
    """Whether this system's pages are large on request, and its glibc knows how to ask."""
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    name, version = platform.libc_ver()
    new_enough = name == "glibc" and tuple(map(int, version.split("."))) >= (2, 35)
    return new_enough and setting.exists() and "[madvise]" in setting.read_text(encoding="ascii")


@pytest.mark.skipif(not grants(), reason="this system gives no large pages on request")
def test_glibc_grants_the_wish() -> None:
    """A large piece of memory that was freed is still the process's, and lies in a region marked for large pages."""
    code = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
piece = libc.malloc(16 << 20)
ctypes.memset(piece, 1, 16 << 20)
libc.free(piece)
low, kept = 0, []
for line in open("/proc/self/smaps"):
    word = line.split()
    if "-" in word[0] and not word[0].endswith(":"):
        low, high = (int(end, 16) for end in word[0].split("-"))
    elif word[0] == "VmFlags:" and low <= piece < high:
        kept = word
print("hg" in kept)
"""
    assert run(code, **{VARIABLE: WISH}) == ["True"]
    assert run(code) == ["False"]
