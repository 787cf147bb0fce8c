"""Training on tiny models: it learns, stops and resumes, and leaves no half-written checkpoint."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from tests.train.conftest import settings
from tooltune.config import TrainConfig
from tooltune.errors import ConfigError, Interrupted, OutputError
from tooltune.train.batching import Pack, plain_tensors, shared_tensors
from tooltune.train.lora import CHECKPOINTS, add_lora
from tooltune.train.trainer import newest_checkpoint, train


def run(model: Any, packs: list[Pack], config: TrainConfig) -> Any:
    return train(add_lora(model, config), packs, [], config, pad_id=0)


def adapter(trained: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in trained.model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("architecture", ["Llama", "Mistral", "Qwen2", "Gemma", "Gemma2"])
def test_it_learns(tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path, architecture: str) -> None:
    model = tiny_model(architecture, vocab_size=400, **({"head_dim": 8} if architecture == "Gemma2" else {}))
    trained = run(model, packs, settings(tmp_path, num_train_epochs=6, save_strategy="no"))
    losses = [entry["loss"] for entry in trained.history if "loss" in entry]
    assert losses[-1] < losses[0]
    assert bool(trained.notices) == (architecture == "Gemma2")


def test_shared_and_plain_batches_train_the_same_weights(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    results = [
        adapter(run(tiny_model("Llama", 400), packs, settings(tmp_path / str(shared), shared_prefix=shared)))
        for shared in (True, False)
    ]
    for name, weights in results[0].items():
        assert torch.allclose(weights, results[1][name], atol=2e-4), name


def test_an_unknown_target_module_is_named(tiny_model: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="q_proj"):
        add_lora(tiny_model("Llama", 400), settings(tmp_path, lora_target_modules=("nothing",)))


class PressCtrlC(TrainerCallback):
    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 1:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_weights_come(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = adapter(run(tiny_model("Llama", 400), packs, settings(tmp_path / "whole")))

    config = settings(tmp_path / "stopped", save_strategy="no")
    with monkeypatch.context() as patch:
        from tooltune.train import trainer

        patch.setattr(trainer, "ProgressBar", PressCtrlC)
        with pytest.raises(Interrupted, match="--resume") as caught:
            run(tiny_model("Llama", 400), packs, config)
    assert caught.value.step == 2
    assert newest_checkpoint(tmp_path / "stopped" / CHECKPOINTS) == Path(caught.value.checkpoint)

    resumed = adapter(run(tiny_model("Llama", 400), packs, config.model_copy(update={"resume": True})))
    for name, weights in whole.items():
        assert torch.equal(weights, resumed[name]), name


def test_resume_takes_the_newest_complete_checkpoint(tmp_path: Path) -> None:
    for step, state in ((5, "{}"), (10, "{}"), (15, '{"half'), (20, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "adapter_model.safetensors").touch()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    half_deleted = tmp_path / "checkpoint-12"
    half_deleted.mkdir()
    (half_deleted / "trainer_state.json").write_text("{}")
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert newest_checkpoint(tmp_path / "absent") is None


def test_a_full_disk_leaves_no_half_written_checkpoint(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OutputError, match="checkpoint"):
            run(tiny_model("Llama", 400), packs, settings(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list((tmp_path / CHECKPOINTS).glob("checkpoint-*")) == []


def test_a_tracker_gets_the_log(tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path) -> None:
    run(tiny_model("Llama", 400), packs, settings(tmp_path, report_to="tensorboard", save_strategy="no"))
    assert list(tmp_path.rglob("events.out.tfevents.*"))


def test_the_held_out_loss_is_measured_when_asked(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    config = settings(tmp_path, eval_steps=2, save_strategy="no")
    trained = train(add_lora(tiny_model("Llama", 400), config), packs, packs[:1], config, pad_id=0)
    assert [entry["step"] for entry in trained.history if "eval_loss" in entry] == [2, 4]


def test_lora_from_a_layer_on(tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path) -> None:
    config = settings(tmp_path, lora_from_layer=1, save_strategy="no")
    trained = run(tiny_model("Llama", 400), packs, config)
    assert adapter(trained).keys()
    assert all(".layers.0." not in name for name in adapter(trained))
    assert not any("lm_head" in name for name in adapter(trained))


def test_a_layer_that_is_not_there_is_an_error(tiny_model: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="number of layers"):
        add_lora(tiny_model("Llama", 400), settings(tmp_path, lora_from_layer=99))


def test_only_so_many_checkpoints_are_kept(tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path) -> None:
    run(tiny_model("Llama", 400), packs, settings(tmp_path, num_train_epochs=4, save_total_limit=2))
    kept = sorted(path.name for path in (tmp_path / CHECKPOINTS).glob("checkpoint-*"))
    assert len(kept) == 2
    assert newest_checkpoint(tmp_path / CHECKPOINTS).name in kept  # type: ignore[union-attr]


def test_the_weight_of_first_tokens_keeps_the_mean_at_one(packs: list[Pack]) -> None:
    plain, heavy = shared_tensors(packs[0]), shared_tensors(packs[0], first_weight=8.0)
    assert torch.equal(plain["weights"], torch.ones(len(plain["labels"])))
    assert heavy["weights"].mean().item() == pytest.approx(1.0)
    first = heavy["weights"] == heavy["weights"].max()
    assert first.sum() == len(packs[0].examples)  # one reply an example here
    assert (heavy["weights"][first] / heavy["weights"][~first][0]).tolist() == pytest.approx([8.0] * int(first.sum()))
    ours, theirs = (t(packs[0], *pad, first_weight=8.0) for t, pad in ((shared_tensors, ()), (plain_tensors, (0,))))
    assert sorted(zip(ours["labels"].tolist(), ours["weights"].tolist(), strict=True)) == sorted(
        zip(theirs["labels"].tolist(), theirs["weights"].tolist(), strict=True)
    )


def test_early_stopping_keeps_the_best_checkpoint(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    seen: list[dict[str, torch.Tensor]] = []

    def measure(model: Any) -> float:
        """Best at the second measurement; the model decodes as it was built."""
        assert not any("forward" in vars(module) for module in model.modules())
        assert model(input_ids=torch.arange(5)[None]).logits.shape[-1] == 400
        seen.append({name: p.detach().clone() for name, p in model.named_parameters() if "lora_" in name})
        return 1 / (1 + abs(2 - len(seen)))

    config = settings(tmp_path, num_train_epochs=20, eval_steps=2, early_stopping_patience=2, save_strategy="no")
    model = add_lora(tiny_model("Llama", 400), config)
    trained = train(model, packs, packs[:1], config, pad_id=0, measure=measure)
    assert [entry["eval_right"] for entry in trained.history if "eval_right" in entry] == [0.5, 1, 0.5, 1 / 3]
    for name, weights in trained.model.named_parameters():
        assert name not in seen[1] or torch.equal(weights, seen[1][name]), name
    assert (tmp_path / CHECKPOINTS / "checkpoint-4").exists()
