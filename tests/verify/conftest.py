"""Real generated data, made once."""

from __future__ import annotations

import pytest

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import generate_examples
from tooltune.types import Example


@pytest.fixture(scope="session")
def generated() -> list[Example]:
    return list(generate_examples(EXAMPLE_TOOLS, 300, 7, examples_per_tool_set=8))
