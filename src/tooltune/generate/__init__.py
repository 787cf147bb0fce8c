"""Generation: from tool definitions to verified conversations, without a language model."""

from tooltune.generate.report import GenerationReport
from tooltune.generate.runner import generate_examples
from tooltune.generate.scenarios import SHARES

__all__ = ["SHARES", "GenerationReport", "generate_examples"]
