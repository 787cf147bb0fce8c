"""The layers of the architecture: a module imports only lower ones, and importing does nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "tooltune"
# Lowest first; a module may import its own layer's folder and whatever stands before.
LAYERS = (
    ("errors",),
    ("types", "config", "files", "progress", "cluster"),
    ("example_tools", "tools", "formats", "chat", "verify", "engine"),
    ("generate",),
    ("dataset",),
    ("train", "evaluate"),
    ("export", "report"),
    ("measuring",),
    ("pipeline",),
    ("commands",),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {"torch", "transformers", "peft", "accelerate", "safetensors", "matplotlib"}
HEAVY_ALLOWED = (
    "train/",
    "engine/",
    "evaluate/inference.py",
    "evaluate/cache.py",
    "evaluate/attention.py",
    "evaluate/choosing.py",
    "export/",
    "report/curve.py",
)
MODULES = sorted(SOURCE.rglob("*.py"))


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """The modules that a file imports, with full names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def layer(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_import_only_lower_layers(path: Path) -> None:
    own = layer(path)
    if own in ("__init__", "__main__"):
        return
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "tooltune" or len(parts) == 1 or parts[1] == own:
            continue
        assert LEVEL[parts[1]] <= LEVEL[own], f"{own} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_heavy_libraries_stay_where_they_belong(path: Path) -> None:
    name = str(path.relative_to(SOURCE))
    heavy = {module.split(".")[0] for module in imports(path, top_level_only=True)} & HEAVY
    assert not heavy or name.startswith(HEAVY_ALLOWED), f"{name} imports {heavy}"


LIGHT = ["tooltune", "tooltune.cli", "tooltune.pipeline", "tooltune.measuring", "tooltune.commands.ask",
         "tooltune.commands.evaluate", "tooltune.generate", "tooltune.verify", "tooltune.formats",
         "tooltune.tools", "tooltune.dataset",
         "tooltune.chat", "tooltune.config"]  # fmt: skip


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_import_no_heavy_library(module: str) -> None:
    code = f"import {module}, sys; print(sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
