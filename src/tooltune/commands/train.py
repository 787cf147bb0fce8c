"""`tooltune train`: train on an existing dataset."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tooltune.config import TrainCommandConfig
from tooltune.dataset import load_split
from tooltune.files import first_process
from tooltune.pipeline import (
    Clock,
    check_settings,
    describe,
    load,
    open_model,
    save,
    say_where,
    train_model,
    write_description,
)
from tooltune.types import Tool


def train_only(config: TrainCommandConfig, tools: Sequence[Tool]) -> None:
    """Train on an existing dataset; measure nothing."""
    if config.engine == "ray":
        _train_on_ray(config, tools)
    else:
        _train(config, tools)


def _train(config: TrainCommandConfig, tools: Sequence[Tool]) -> None:
    """Train in this process. Under a distributed launcher every process trains, and the first one writes."""
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


def _train_on_ray(config: TrainCommandConfig, tools: Sequence[Tool]) -> None:
    """Train on a Ray cluster; what can be seen to be wrong is said before it is asked for anything."""
    open_model(config)
    load_split(config.data_path, config.held_out_share)
    from tooltune.train.on_ray import check_unused, train_on_ray

    check_unused(config)
    check_settings(config)
    # Processes that are started again shall go on; a first start finds no checkpoint but those of --resume.
    train_on_ray(partial(_train, config.model_copy(update={"resume": True}), list(tools)), config)
