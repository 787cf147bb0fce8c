"""What `tooltune evaluate` measures: a model here in one or several states, or one behind an endpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tooltune.config import EvaluateCommandConfig
from tooltune.errors import ConfigError
from tooltune.evaluate import Replies
from tooltune.evaluate.best_of import SPREAD, best_of
from tooltune.evaluate.endpoint import Endpoint, endpoint_replies
from tooltune.evaluate.outputs import OUTPUTS, OutputLog, kept, model_hash
from tooltune.evaluate.record import PARSERS, Asked
from tooltune.measuring import adapter_in_weights
from tooltune.pipeline import load, open_model, require_train_extra
from tooltune.progress import console

SHOTS = 3
"""Solved examples that the few-shot baseline shows, unless --few_shot says otherwise."""
_MATTERS = {"chat_format", "dtype", "quantization", "max_new_tokens", "few_shot", "constrained", "temperature"}
"""Settings that replies depend on; with samples their number and the seed are among them."""

State = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class System:
    """One that is measured: how it is recorded, who answers, and what it is shown first."""

    asked: Asked
    replies: Replies
    few_shot: int = 0
    state: State = nullcontext
    """The state of the model in which it answers; systems of one state follow each other."""


@dataclass(frozen=True)
class Systems:
    """All that are measured, and the settings completed by what a run's folder says."""

    config: EvaluateCommandConfig
    all: tuple[System, ...]


def run_manifest(model_name: str, config: EvaluateCommandConfig) -> dict[str, Any]:
    """The manifest of a finished run; empty where the model is none."""
    if config.endpoint:
        return {}
    require_train_extra()
    from tooltune.export.save import MANIFEST, read_manifest

    return read_manifest(Path(model_name)) if (Path(model_name) / MANIFEST).exists() else {}


def with_own_data(config: EvaluateCommandConfig, own: Callable[[], Mapping[str, Any]]) -> EvaluateCommandConfig:
    """The same, asking a run about its own dataset where no other is named.

    Args:
        config: what is asked for; what it names stays.
        own: gives the run's `data_path` and `held_out_share`, or nothing where they are not known.
    """
    if config.data_path.exists() or "data_path" in config.model_fields_set:
        return config
    known = dict(own())
    return config.model_copy(update=known | config.model_dump(include=config.model_fields_set & known.keys()))


def open_systems(model_name: str, config: EvaluateCommandConfig) -> Systems:
    """Load what shall be measured.

    Raises:
        ConfigError: --baselines or --with_base of what is no run, --constrained in a native format, or a key that is
            not set.
        ModelError: the model cannot be loaded.
    """
    if config.endpoint:
        config = config.model_copy(update={"chat_format": "documented"})
        return Systems(config, tuple(_endpoint(model_name, variant) for variant in _samples(config)))
    manifest = run_manifest(model_name, config)
    if manifest:
        return _tuned(model_name, config, manifest)
    for name in ("baselines", "with_base"):
        if getattr(config, name):
            raise ConfigError(f"--{name}", f"{model_name}, which is no finished run", "the output folder of a run")
    config = config.model_copy(update={"model_name": model_name})
    encoder = open_model(config)
    return _local(load(config), encoder, config, {"base": (model_name, nullcontext)})


def _tuned(model_name: str, config: EvaluateCommandConfig, manifest: Mapping[str, Any]) -> Systems:
    from tooltune.export.save import load_tuned

    model, encoder, _ = load_tuned(Path(model_name))
    kept = {key: manifest["config"][key] for key in ("model_name", "quantization", "chat_format", "dtype")}
    config = config.model_copy(update=kept)
    states: dict[str, tuple[str, State]] = {"tuned": (model_name, lambda: adapter_in_weights(model, config))}
    if config.with_base or config.baselines:
        states = {"base": (config.model_name, model.disable_adapter)} | states
    return _local(model, encoder, config, states)


def _local(model: Any, encoder: Any, config: EvaluateCommandConfig, states: Mapping[str, tuple[str, State]]) -> Systems:
    """Each variant of each state, by its name: base or tuned."""
    constraints = constraints_for(encoder) if config.constrained or config.baselines else None
    systems = []
    for name, (weights, state) in states.items():
        weights_hash = model_hash(weights, {"template": encoder.template()})
        for label, variant in _variants(name, config):
            asked = Asked(label, model_hash(weights_hash, _settings(variant)), config.chat_format)
            source = partial(_local_replies, model, encoder, constraints)
            systems.append(System(asked, _replies(label, weights_hash, variant, source), variant.few_shot, state))
    return Systems(config, tuple(systems))


def _variants(name: str, config: EvaluateCommandConfig) -> Iterator[tuple[str, EvaluateCommandConfig]]:
    """The label and the settings of each measurement in a state."""
    if not config.baselines:
        yield from ((name, sample) for sample in _samples(config))
        return
    plain = config.model_copy(update={"few_shot": 0, "constrained": False})
    yield name, plain
    if name == "base":
        shots = config.few_shot or SHOTS
        yield f"base, {shots} examples", plain.model_copy(update={"few_shot": shots})
    yield f"{name}, constrained", plain.model_copy(update={"constrained": True})


def _samples(config: EvaluateCommandConfig) -> list[EvaluateCommandConfig]:
    """The settings of each of --samples: a seed of its own."""
    return [config.model_copy(update={"seed": config.seed + number}) for number in range(config.samples)]


def _settings(config: EvaluateCommandConfig) -> dict[str, Any]:
    sampled = {"seed"} if config.temperature or config.best_of > 1 else set()
    return config.model_dump(mode="json", include=_MATTERS | sampled | ({"best_of"} if config.best_of > 1 else set()))


def _replies(
    label: str, model: str, config: EvaluateCommandConfig, source: Callable[[EvaluateCommandConfig], Replies]
) -> Replies:
    """Who answers with these settings; with --best_of each of the tries is kept as it comes.

    A first try has the settings of an evaluation without --best_of, and so its replies where they are known.
    """
    if config.best_of == 1:
        return source(config)
    alone = config.model_copy(update={"best_of": 1})
    sampled = alone.model_copy(update={"temperature": config.temperature or SPREAD})
    path = config.output_dir / OUTPUTS
    first, again = (
        kept(source(one), OutputLog(path, label, model_hash(model, _settings(one)))) for one in (alone, sampled)
    )
    return best_of(config.best_of, first, again, PARSERS[config.chat_format])


def _local_replies(model: Any, encoder: Any, constraints: Any, config: EvaluateCommandConfig) -> Replies:
    from tooltune.evaluate import local_replies

    return local_replies(
        model,
        encoder,
        max_new_tokens=config.max_new_tokens,
        batch_size=config.eval_batch_size,
        temperature=config.temperature,
        seed=config.seed,
        constraints=constraints if config.constrained else None,
    )


def constraints_for(encoder: Any) -> Any:
    """What --constrained keeps calls to.

    Raises:
        ConfigError: the model writes another format than the documented one.
        MissingExtraError: llguidance is not installed.
    """
    from tooltune.chat import TextEncoder
    from tooltune.evaluate.constrained import Constraints

    if not isinstance(encoder, TextEncoder):
        raise ConfigError("--constrained", "a model in its native chat format", "the documented format")
    return Constraints(encoder.tokenizer, lambda text: console.print(f"Note: {text}", markup=False))


def _endpoint(model_name: str, config: EvaluateCommandConfig) -> System:
    """The model behind --endpoint."""
    key = os.environ.get(config.api_key_variable)
    if key is None and "api_key_variable" in config.model_fields_set:
        raise ConfigError("--api_key_variable", f"{config.api_key_variable} is not set", "an environment variable")
    name = f"{config.endpoint} {model_name}"
    asked = Asked(model_name, model_hash(name, _settings(config)), config.chat_format)
    source = partial(_endpoint_replies, model_name, key or "none")
    return System(asked, _replies(model_name, name, config, source), config.few_shot)


def _endpoint_replies(model_name: str, key: str, config: EvaluateCommandConfig) -> Replies:
    endpoint = Endpoint(
        url=str(config.endpoint),
        model=model_name,
        api_key=key,
        concurrency=config.concurrency,
        timeout=config.timeout,
        retries=config.retries,
        max_new_tokens=config.max_new_tokens,
        temperature=config.temperature,
        seed=config.seed,
    )
    return endpoint_replies(endpoint)
