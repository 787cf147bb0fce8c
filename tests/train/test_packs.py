"""Packs compute exactly what plain rows compute: loss and gradients of every LoRA weight."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.conftest import ARCHITECTURES
from tooltune.chat import Encoded
from tooltune.train import attention
from tooltune.train.attention import packing
from tooltune.train.batching import Pack, make_packs, plain_tensors, shared_tensors
from tooltune.train.loss import pack_loss


def encoded(rng: random.Random, prefix: list[int], length: int, first_trained: int = 3) -> Encoded:
    branch = [rng.randrange(3, 300) for _ in range(length)]
    trained = [i >= first_trained and rng.random() < 0.6 for i in range(length)]
    trained[-1] = True
    return Encoded(prefix + branch, [False] * len(prefix) + trained)


def group(prefix_length: int, lengths: tuple[int, ...] = (9, 20, 5, 14), **settings: int) -> list[Encoded]:
    rng = random.Random(prefix_length)
    prefix = [rng.randrange(3, 300) for _ in range(prefix_length)]
    return [encoded(rng, prefix, length, **settings) for length in lengths]


def with_lora(model: Any) -> Any:
    lora = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    return get_peft_model(model, lora)


def gradients(
    model: Any, tensors: dict[str, Any], head: torch.Tensor | None = None
) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad()
    loss = pack_loss(model, tensors, head)
    loss.backward()
    return loss.item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("prefix", "first_trained"), [(40, 3), (40, 0), (1, 3)])
def test_gradients_equal_those_of_plain_rows(
    tiny_model: Callable[..., Any], architecture: str, prefix: int, first_trained: int
) -> None:
    model = with_lora(tiny_model(architecture))
    (pack,) = make_packs(group(prefix, first_trained=first_trained), ["tools"] * 4, 4, seed=0)
    plain_loss, plain = gradients(model, plain_tensors(pack, pad_id=0))
    with packing(model, shared=True):
        loss, shared = gradients(model, shared_tensors(pack))
    assert loss == pytest.approx(plain_loss, rel=1e-5)
    assert plain.keys() == shared.keys()
    for name, gradient in plain.items():
        assert (gradient - shared[name]).norm() <= 1e-5 * gradient.norm() + 1e-9, name


def test_without_a_common_token_there_is_no_prefix_and_still_the_same_loss(
    tiny_model: Callable[..., Any],
) -> None:
    model = with_lora(tiny_model("Llama"))
    examples = (Encoded([5, 6, 7, 8], [False, True, False, True]), Encoded([9, 6, 7], [False, False, True]))
    pack = Pack(examples, 0)
    plain_loss, _ = gradients(model, plain_tensors(pack, pad_id=0))
    with packing(model, shared=True):
        loss, _ = gradients(model, shared_tensors(pack))
    assert loss == pytest.approx(plain_loss, rel=1e-5)


def test_the_loss_is_transformers_own(tiny_model: Callable[..., Any]) -> None:
    model = tiny_model("Llama")
    (pack,) = make_packs(group(12), ["tools"] * 4, 4, seed=0)
    tensors = plain_tensors(pack, pad_id=0)
    labels = torch.full_like(tensors["input_ids"], -100)
    for row, example in enumerate(pack.examples):
        for position, trained in enumerate(example.trained):
            if trained:
                labels[row, position] = example.input_ids[position]
    theirs = model(
        input_ids=tensors["input_ids"],
        attention_mask=tensors["attention_mask"],
        labels=labels,
        num_items_in_batch=1,
    ).loss
    assert pack_loss(model, tensors).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_branches_do_not_see_each_other(tiny_model: Callable[..., Any]) -> None:
    model = with_lora(tiny_model("Llama"))
    first, second, *_ = group(30)
    changed = Encoded(second.input_ids[:30] + [7] * 20, second.trained)
    with packing(model, shared=True), torch.no_grad():
        hidden = [
            model.get_base_model().model(**_inputs(Pack((first, other), 30))).last_hidden_state[0, : 30 + 9]
            for other in (second, changed)
        ]
    assert torch.equal(hidden[0], hidden[1])


def _inputs(pack: Pack) -> dict[str, Any]:
    tensors = shared_tensors(pack)
    return {key: tensors[key] for key in ("input_ids", "position_ids", "geometry")}


def test_every_example_is_in_exactly_one_pack() -> None:
    examples = [example for length in (8, 20, 33) for example in group(length, tuple(range(4, 15)))]
    keys = [key for key in "abc" for _ in range(11)]
    packs = make_packs(examples, keys, 4, seed=3)
    packed = Counter(tuple(e.input_ids) for pack in packs for e in pack.examples)
    assert packed == Counter(tuple(e.input_ids) for e in examples)
    assert max(len(pack.examples) for pack in packs) == 4
    assert sum(pack.prefix >= 8 for pack in packs) >= 6
    for pack in packs:
        assert len({tuple(e.input_ids[: pack.prefix]) for e in pack.examples}) == 1
        assert not any(any(e.trained[: pack.prefix]) for e in pack.examples)
        assert all(pack.prefix < len(e.input_ids) for e in pack.examples)


def test_the_same_seed_gives_the_same_packs() -> None:
    examples, keys = group(8, tuple(range(4, 24))), ["a"] * 20
    assert make_packs(examples, keys, 4, seed=1) == make_packs(examples, keys, 4, seed=1)
    assert make_packs(examples, keys, 4, seed=1) != make_packs(examples, keys, 4, seed=2)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"architecture": "Mistral", "sliding_window": 64}, "sliding window of 64"),
        ({"architecture": "Gemma2", "head_dim": 8}, "caps attention"),
        ({"architecture": "Mistral", "sliding_window": 4096}, None),
        ({"architecture": "Qwen2"}, None),
    ],
)
def test_models_that_cannot_share_prefixes_exactly_are_known(
    tiny_model: Callable[..., Any], settings: dict[str, Any], reason: str | None
) -> None:
    found = attention.unsupported(tiny_model(**settings).config, max_length=2048)
    assert (found is None) if reason is None else (reason in str(found))
