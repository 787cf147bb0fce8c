"""What can be set, as frozen models: one field a flag, its docstring the flag's help.

The command line and `run.yaml` are both made from these classes (`tooltune.cli`), so a new setting
is added here and nowhere else. Field names are the flags: `num_examples` is `--num_examples`.
"""

from __future__ import annotations

from tooltune.config.base import EMBEDDED_MODEL, Config, SeedConfig
from tooltune.config.commands import EmbeddedRunConfig, ImproveConfig, RunConfig, ScriptConfig, TrainCommandConfig
from tooltune.config.data import DataConfig, GenerateCommandConfig, TeacherConfig
from tooltune.config.evaluate import AnswerConfig, EvaluateCommandConfig, ReplyConfig
from tooltune.config.train import EvaluateConfig, ModelConfig, Quantization, TrainConfig

__all__ = [
    "EMBEDDED_MODEL",
    "AnswerConfig",
    "Config",
    "DataConfig",
    "EmbeddedRunConfig",
    "EvaluateCommandConfig",
    "EvaluateConfig",
    "GenerateCommandConfig",
    "ImproveConfig",
    "ModelConfig",
    "Quantization",
    "ReplyConfig",
    "RunConfig",
    "ScriptConfig",
    "SeedConfig",
    "TeacherConfig",
    "TrainCommandConfig",
    "TrainConfig",
]
