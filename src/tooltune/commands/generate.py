"""`tooltune generate`: write a verified dataset, if asked with a teacher, real functions or a cluster."""

from __future__ import annotations

from collections.abc import Sequence

from tooltune.config import GenerateCommandConfig
from tooltune.errors import ConfigError
from tooltune.files import writable_folder
from tooltune.generate.on_ray import on_ray
from tooltune.generate.rewrite import Rewriter
from tooltune.generate.teacher import Teacher
from tooltune.pipeline import generate
from tooltune.progress import console
from tooltune.tools import PythonFunctions, load_source, python_source
from tooltune.types import Tool

CACHE = "teacher_cache.sqlite"


def generate_only(config: GenerateCommandConfig, tools: Sequence[Tool]) -> None:
    """Write the dataset and say what is in it."""
    teacher = _teacher(config)
    rewrite = Rewriter(teacher, config.seed) if teacher else None
    make = on_ray if config.engine == "ray" else None
    functions = _functions(config) if config.execute else None
    generate(config, tools, make=make, rewrite=rewrite, functions=functions)
    if teacher:
        console.print(teacher.usage.to_text(config))


def _functions(config: GenerateCommandConfig) -> PythonFunctions:
    """The functions of the Python sources, ready to be run."""
    sources = {name: source for source in config.tools if (name := python_source(source))}
    if not sources:
        raise ConfigError("--execute", "no Python source", "--tools with a .py file or python:MODULE")
    names = {name: [tool.name for tool in load_source(source).tools] for name, source in sources.items()}
    return PythonFunctions.of(names, config.execute_seconds, config.execute_megabytes)


def _teacher(config: GenerateCommandConfig) -> Teacher | None:
    """The teacher; its answers are kept beside the dataset, for this run and later ones."""
    if not config.teacher:
        return None
    return Teacher(config, writable_folder(config.data_path.parent, "the dataset") / CACHE)
