"""Grouped, cached, padded decoding must give what plain one-by-one `generate` gives."""

import random

import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GemmaConfig,
    GemmaForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from tooltune.evaluate import attention, cache, inference
from tooltune.evaluate.inference import KEPT_ROWS, Generation, common_length, generate_replies

SIZE = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
    "initializer_range": 0.5,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MODELS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SIZE)),
    "mistral, wide window": lambda: MistralForCausalLM(MistralConfig(**SIZE, sliding_window=120)),
    "mistral, narrow window": lambda: MistralForCausalLM(MistralConfig(**SIZE, sliding_window=16)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**SIZE)),
    "gemma": lambda: GemmaForCausalLM(GemmaConfig(**SIZE)),
    "gemma2, alternating windows": lambda: Gemma2ForCausalLM(
        Gemma2Config(**SIZE, sliding_window=100, attn_implementation="eager")
    ),
}
END, NEW = frozenset({2, 3, 4, 5}), 24


def build(name):
    torch.manual_seed(7)
    return MODELS[name]().eval()


def prompts_in_groups(seed=0):
    """Three groups with shared beginnings of different lengths, and one prompt alone."""
    rng = random.Random(seed)
    prompts, groups = [], []
    for group, (shared, members) in enumerate([(30, 5), (11, 4), (0, 3), (17, 1)]):
        prefix = [rng.randrange(6, 61) for _ in range(shared)]
        for _ in range(members):
            prompts.append(prefix + [rng.randrange(6, 61) for _ in range(rng.randrange(1, 20))])
            groups.append(group)
    order = rng.sample(range(len(prompts)), len(prompts))
    return [prompts[i] for i in order], [groups[i] for i in order]


def plain(model, prompt, new=NEW):
    """The reference: the library's own greedy decoding of one prompt."""
    ids = torch.tensor([prompt])
    output = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=new,
        eos_token_id=sorted(END),
        pad_token_id=0,
    )[0, len(prompt) :].tolist()
    ended = output[-1] in END
    return Generation(tuple(output[:-1] if ended else output), truncated=not ended)


def decode(model, prompts, groups=None, **options):
    settings = {"end_ids": END, "pad_id": 0, "max_new_tokens": NEW, "batch_size": 5} | options
    return generate_replies(model, prompts, groups=groups, **settings)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_replies_as_one_by_one(name):
    model = build(name)
    prompts, groups = prompts_in_groups()
    expected = [plain(model, prompt) for prompt in prompts]
    assert len({reply.ids for reply in expected}) > 8, "the replies must differ"
    assert decode(model, prompts, groups) == expected
    assert decode(model, prompts) == expected


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("beginnings", [1, 4])
def test_a_first_pass_in_parts_gives_the_same_replies(name, beginnings):
    model, rng = build(name), random.Random(3)
    starts = [[rng.randrange(6, 61) for _ in range(12 + start)] for start in range(beginnings)]
    prompts = [starts[i % beginnings] + [rng.randrange(6, 61) for _ in range(1 + i)] for i in range(24)]
    counter = RowCounter(model)
    replies = decode(model, prompts, [i % beginnings for i in range(24)], batch_size=24, max_new_tokens=8)
    assert replies == [plain(model, prompt, 8) for prompt in prompts]
    if "narrow" not in name:  # there prompts go one by one
        firsts = [columns for rows, columns in counter.shapes if rows >= inference.PART and columns > 1]
        assert len(firsts) >= 2
        assert 24 in {rows for rows, columns in counter.shapes if columns == 1}


def test_half_precision_is_kept():
    model = build("llama").to(torch.bfloat16)
    prompts, groups = prompts_in_groups()
    replies = decode(model, prompts, groups, batch_size=1)
    assert model.dtype == torch.bfloat16
    assert [reply.ids[:1] for reply in replies] == [plain(model, prompt, 1).ids for prompt in prompts]


def test_a_prompt_that_does_not_fit_is_recorded_and_the_rest_goes_on():
    model = build("llama")
    short, exact, long = [7, 8, 9], [7] * 126, [7] * 128
    replies = decode(model, [long, short, exact], ["a", "a", "b"], end_ids={99})
    assert replies[0] == Generation(too_long=True)
    assert len(replies[1].ids) == NEW
    assert (len(replies[2].ids), replies[2].truncated) == (2, True)


def test_a_reply_that_is_over_ends_there_and_the_others_go_on():
    model = build("llama")
    prompts, groups = prompts_in_groups()
    whole = decode(model, prompts, groups)
    third = max(whole, key=lambda reply: len(reply.ids)).ids[:3]
    stopped = decode(model, prompts, groups, stop=lambda ids: tuple(ids[-3:]) == third)
    cut = [reply for reply in stopped if reply.ids[-3:] == third]
    assert cut
    assert not any(reply.truncated for reply in cut)
    for before, after in zip(whole, stopped, strict=True):
        assert after.ids == before.ids[: len(after.ids)]
        assert after == before or after in cut


def test_identical_prompts_keep_a_token_to_run():
    model = build("llama")
    assert decode(model, [[7, 8, 9]] * 3) == [plain(model, [7, 8, 9])] * 3


def test_nothing_to_do():
    assert decode(build("llama"), []) == []


class RowCounter:
    """Counts rows and columns of each forward pass, as the model sees them."""

    def __init__(self, model):
        self.shapes = []
        model.register_forward_pre_hook(self._look, with_kwargs=True)

    def _look(self, module, args, kwargs):
        self.shapes.append(tuple(kwargs["input_ids"].shape))


def test_a_shared_beginning_runs_once_for_all_batches_of_its_group():
    model = build("llama")
    counter = RowCounter(model)
    prompts = [[*range(6, 46), 50 + i % 7, 6 + i] for i in range(20)]
    decode(model, prompts, batch_size=4, max_new_tokens=1)
    tried = (1, 1)  # one token, for whether rows can continue the cache as it lies
    assert counter.shapes == [(1, 40), tried] + [(4, 2)] * 5


@pytest.mark.parametrize("name", ["llama", "qwen2", "gemma"])
def test_rows_of_one_beginning_continue_its_cache(name, monkeypatch):
    model = build(name)
    gathered = []
    monkeypatch.setattr(inference, "gather", lambda *args: gathered.append(args) or cache.gather(*args))
    rng = random.Random(1)
    beginning = [rng.randrange(6, 61) for _ in range(40)]
    prompts = [beginning + [rng.randrange(6, 61) for _ in range(rng.randrange(1, 20))] for _ in range(11)]
    expected = [plain(model, prompt) for prompt in prompts]
    assert decode(model, prompts, batch_size=11) == expected
    monkeypatch.setattr(attention, "MOST_SCORES", 1)  # row by row
    assert decode(model, prompts, batch_size=11) == expected
    assert not gathered


def test_a_model_that_changes_its_keys_gets_a_copy_of_the_beginning(monkeypatch):
    model = build("llama")
    update = cache.ContinuedLayer.update
    monkeypatch.setattr(
        cache.ContinuedLayer, "update", lambda *args, **kwargs: tuple(t.clone() for t in update(*args, **kwargs))
    )
    prompts, groups = prompts_in_groups()
    assert decode(model, prompts, groups, batch_size=3) == [plain(model, prompt) for prompt in prompts]


def test_the_token_budget_bounds_a_batch():
    model = build("llama")
    counter = RowCounter(model)
    prompts, groups = prompts_in_groups()
    expected = decode(model, prompts, groups)
    counter.shapes.clear()
    assert decode(model, prompts, groups, token_budget=2 * (50 + NEW)) == expected
    assert max(rows for rows, _ in counter.shapes) <= 5
    counter.shapes.clear()
    assert decode(model, prompts, groups, token_budget=1) == expected
    assert {rows for rows, _ in counter.shapes} == {1}


def test_rows_that_have_ended_soon_leave_the_batch():
    model = build("llama")
    counter = RowCounter(model)
    prompts, _ = prompts_in_groups()
    replies = decode(model, prompts, batch_size=len(prompts))
    steps = [len(reply.ids) + (not reply.truncated) for reply in replies]
    assert len(set(steps)) > 3
    assert {reply.truncated for reply in replies} == {True, False}
    decoding = [shape for shape in counter.shapes if shape[0] > 1 or shape[1] == 1]
    ran = sum(rows for rows, _ in decoding)
    assert sum(steps) <= ran <= sum(steps) / KEPT_ROWS
    assert ran < len(prompts) * max(steps)


def test_each_reply_is_told_and_the_mode_kept():
    model = build("llama").train()
    seen = []
    prompts, groups = prompts_in_groups()
    replies = decode(model, [*prompts, [7] * 200], [*groups, 9], finished=lambda *reply: seen.append(reply))
    assert model.training
    assert seen[0] == (len(prompts), Generation(too_long=True))
    assert sorted(number for number, _ in seen) == list(range(len(prompts) + 1))
    assert all(replies[number] == reply for number, reply in seen)


@pytest.mark.parametrize(
    ("prompts", "length"),
    [
        ([[1, 2, 3]], 2),
        ([[1, 2, 3], [1, 2, 4]], 2),
        ([[1, 2], [1, 2, 4]], 1),
        ([[1], [1, 2]], 0),
        ([[5, 9], [5, 10, 1], [5, 9, 9]], 1),
        ([[1, 2], [3, 4]], 0),
    ],
)
def test_common_length(prompts, length):
    assert common_length(prompts) == length


def test_sampling_depends_on_the_seed_and_not_on_the_rows_beside():
    model = build("llama")
    prompts, groups = prompts_in_groups()
    sampled = decode(model, prompts, groups, temperature=1.0, seed=1)
    assert decode(model, prompts, groups, temperature=1.0, seed=1, batch_size=1) == sampled
    assert decode(model, prompts[3:], groups[3:], temperature=1.0, seed=1) == sampled[3:]
    assert decode(model, prompts, groups, temperature=1.0, seed=2) != sampled
    greedy = decode(model, prompts, groups)
    assert sampled != greedy
    assert decode(model, prompts, groups, temperature=1e-6, seed=1) == greedy


class Only:
    """Allows one token, and refuses another one it is offered."""

    def __init__(self, allowed=None, refused=None):
        self.allowed_id, self.refused = allowed, refused

    def allowed(self):
        return None if self.allowed_id is None else bytes(token == self.allowed_id for token in range(20))

    def accept(self, token):
        return token != self.refused


def test_a_guide_limits_its_own_row_only():
    model = build("llama")
    prompts, _ = prompts_in_groups()
    greedy = decode(model, prompts)
    first = greedy[1].ids[0]
    guides = [None] * len(prompts)
    guides[0], guides[1] = Only(allowed=9), Only(refused=first)
    replies = decode(model, prompts, guides=guides)
    assert replies[0].ids == (9,) * NEW
    assert first not in replies[1].ids
    assert replies[2:] == greedy[2:]
