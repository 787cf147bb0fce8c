"""`tooltune train`: train on an existing dataset."""

from __future__ import annotations

from collections.abc import Sequence

from tooltune.config import TrainCommandConfig
from tooltune.dataset import load_split
from tooltune.files import first_process
from tooltune.pipeline import Clock, describe, load, open_model, save, say_where, train_model, write_description
from tooltune.types import Tool


def train_only(config: TrainCommandConfig, tools: Sequence[Tool]) -> None:
    """Train on an existing dataset; measure nothing.

    Under a distributed launcher every process trains, and the first one writes.
    """
    clock = Clock()
    encoder = open_model(config)
    split = load_split(config.data_path, config.held_out_share)
    with clock.stage("training"):
        trained, encoding = train_model(load(config), encoder, split, config)
    if not first_process():
        return
    with clock.stage("saving"):
        save(config, trained, encoder, tools)
    write_description(config, describe(config, split, encoding, clock))
    say_where(config)
