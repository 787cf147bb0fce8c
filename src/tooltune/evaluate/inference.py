"""Decoding of many prompts, fast where they share their beginning.

Prompts of one group (the same tools in view) share most of their tokens. The shared beginning of a
group goes through the model once, and only the rest of each prompt is run per row, padded on the left. A batch
of one group continues that cache as it lies; one of several groups starts from copies. A row that has ended
soon leaves the batch, and so does one that goes round in a loop. In float32 the replies are those of one-by-one
decoding; in bfloat16 last bits depend on what is computed together, and an adapter is computed in that format too.

Tokens are the likeliest ones, unless a temperature or a guide says otherwise (`choosing`).

Not covered: models with recurrent layers. Where prompt and reply are longer than a
model's attention window, prompts run one at a time, since padding would shift the window.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache

from tooltune.engine.fuse import fused_to_ask
from tooltune.evaluate.attention import NAME, grouped_decoding
from tooltune.evaluate.cache import attention_window, continued, gather, joined, new_cache
from tooltune.evaluate.choosing import Guide, Picker, choose, pickers
from tooltune.evaluate.loops import is_loop

KEPT_TOKENS = 16384
"""Shared beginnings of so many tokens, all together, are kept until the last batch."""
MANY = 16
"""So many prompts are worth making the model ready for (see `engine.fuse`)."""
PART, PADDED = 8, 1.3
"""A first pass takes at least so many rows, and more where the longest rest is at most so many times the shortest."""
KEPT_ROWS = 0.8
"""Rows that have ended leave the batch when at most this share of its rows still runs."""


@dataclass(frozen=True)
class Generation:
    """What a model wrote after one prompt."""

    ids: tuple[int, ...] = ()
    """Token ids without the end token."""
    truncated: bool = False
    """The limit on new tokens, the model's context, or a loop (see `loops`) came before an end token."""
    too_long: bool = False
    """The prompt leaves no room in the model's context; nothing was run."""
    seconds: float = field(default=0.0, compare=False)
    """From the start of its batch to its last token."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One prompt: where it stands among all, what its group begins with, and what follows."""

    number: int
    prefix: tuple[int, ...]
    rest: tuple[int, ...]
    picker: Picker | None


@dataclass(frozen=True)
class _Limits:
    end_ids: frozenset[int]
    pad_id: int
    new_tokens: int
    context: int
    """Tokens that the model's positions allow."""
    rows: int
    """At most so many rows in a batch, and rows times columns at most `tokens`."""
    tokens: int
    stop: Callable[[Sequence[int]], bool]
    """Whether a reply is over, though no end token came."""

    def room(self, row: _Row) -> int:
        """How many tokens the reply may have."""
        return min(self.new_tokens, self.context - len(row.prefix) - len(row.rest))


def generate_replies(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    end_ids: Collection[int],
    pad_id: int,
    groups: Sequence[Hashable] | None = None,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    token_budget: int = 32768,
    temperature: float = 0.0,
    seed: int | Sequence[int] = 0,
    guides: Sequence[Guide | None] | None = None,
    stop: Callable[[Sequence[int]], bool] = lambda ids: False,
    finished: Callable[[int, Generation], None] | None = None,
) -> list[Generation]:
    """Decode a reply to each prompt, in the precision the model is in.

    Args:
        model: any causal decoder of transformers, with or without an adapter.
        prompts: token ids, each up to and including the assistant marker; none is empty.
        end_ids: ids that end a reply.
        pad_id: any valid id; it is masked.
        groups: one key per prompt; prompts of a key share their beginning. One group if None.
        max_new_tokens: limit of a reply, in tokens.
        batch_size: at most so many rows at once.
        token_budget: at most so many tokens, rows times longest prompt and reply, in the cache.
        temperature: 0 takes the likeliest token; above it tokens are sampled, the same ones for the same seed.
        seed: of sampling; one for all, or one for each prompt.
        guides: what limits the reply to each prompt, or None where nothing does.
        stop: called with the ids of a reply so far; True ends it as an end token does.
        finished: called with (number of the prompt, its reply) for each reply, as soon as its batch has ended.

    Returns:
        One generation for each prompt, in the order of the prompts.
    """
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 2**31
    limits = _Limits(frozenset(end_ids), pad_id, max_new_tokens, context, batch_size, token_budget, stop)
    keys = groups if groups is not None else [None] * len(prompts)
    results = [Generation(too_long=True)] * len(prompts)
    rows = _rows(prompts, keys, limits, pickers(prompts, temperature, seed, guides))
    finished = finished or (lambda number, generation: None)
    for number in sorted(set(range(len(prompts))) - {row.number for row in rows}):
        finished(number, results[number])
    with _evaluating(model), fused_to_ask(model) if len(rows) >= MANY else nullcontext():
        for batch, replies in _run(model, rows, limits):
            for row, reply in zip(batch, replies, strict=True):
                results[row.number] = reply
                finished(row.number, reply)
    return results


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """No gradients and no dropout; the model's mode is restored."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), grouped_decoding(model):
            yield
    finally:
        model.train(was_training)


def _rows(
    prompts: Sequence[Sequence[int]], keys: Sequence[Hashable], limits: _Limits, picking: Sequence[Picker | None]
) -> list[_Row]:
    """The prompts that fit, in an order that keeps padding short.

    Every step reads as many columns as the longest beginning of its batch has, so beginnings of about one
    length go together. Groups stay together where they fill batches, or where not all beginnings can be kept.
    """
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index, prompt in enumerate(prompts):
        if len(prompt) < limits.context:
            groups[keys[index]].append(index)
    rows: list[_Row] = []
    kept = 0
    for members in groups.values():
        shared = common_length([prompts[index] for index in members])
        prefix = tuple(prompts[members[0]][:shared])
        kept += shared
        rows += [_Row(index, prefix, tuple(prompts[index][shared:]), picking[index]) for index in members]
    if kept <= KEPT_TOKENS and len(rows) < limits.rows * len(groups):
        return sorted(rows, key=lambda row: (_size(row.prefix), len(row.rest), len(row.prefix), row.prefix))
    return sorted(rows, key=lambda row: (len(row.prefix), row.prefix, len(row.rest)))


def _size(prefix: Sequence[int]) -> int:
    """The same for beginnings that differ by less than half in length."""
    return int(math.log(len(prefix) + 1, 1.5))


def common_length(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts begin with, but at least one less than the shortest has."""
    # The smallest and the largest of all sequences have the shortest common beginning.
    low, high = min(map(tuple, prompts)), max(map(tuple, prompts))
    pairs = enumerate(zip(low, high, strict=False))
    same = next((i for i, (a, b) in pairs if a != b), min(len(low), len(high)))
    return min(same, *(len(prompt) - 1 for prompt in prompts))


def _run(model: Any, rows: Sequence[_Row], limits: _Limits) -> Iterator[tuple[Sequence[_Row], list[Generation]]]:
    """Decode the rows batch by batch."""
    caches: dict[tuple[int, ...], DynamicCache] = {}
    left = Counter(row.prefix for row in rows)
    continuing = _Continuing(model)
    for unsorted in _split(rows, limits, attention_window(model.config), continuing.possible):
        batch = sorted(unsorted, key=lambda row: len(row.rest))
        for prefix, count in Counter(row.prefix for row in batch).items():
            caches[prefix] = caches[prefix] if prefix in caches else _prefill(model, prefix)
            left[prefix] -= count
        whole = continuing.fits(batch, caches)
        begun = [_begin(model, part, caches, whole, limits) for part in _parts(batch)]
        caches = {prefix: kept for prefix, kept in caches.items() if left[prefix]}
        yield batch, _Batch(model, batch, begun, limits).run()


class _Continuing:
    """Whether a model's rows can continue one cache that is not copied."""

    def __init__(self, model: Any) -> None:
        self.model = model
        implementation = getattr(model.config, "_attn_implementation", None)
        self.possible = implementation == NAME and attention_window(model.config) == math.inf
        self.tried = False

    def fits(self, batch: Sequence[_Row], caches: Mapping[tuple[int, ...], DynamicCache]) -> bool:
        """Whether these rows can: they have one beginning, and the model's layers do it."""
        prefix = batch[0].prefix
        if not self.possible or not prefix or len(batch) == 1 or any(row.prefix != prefix for row in batch):
            return False
        if not self.tried:
            self.tried, self.possible = True, self._works(caches[prefix], len(prefix))
        return self.possible

    def _works(self, beginning: DynamicCache, tokens: int) -> bool:
        """Whether every layer hands its keys to the attention as the cache gave them: one token shows it."""
        cache = continued(beginning, self.model.config)
        if cache is None:
            return False
        ids = torch.tensor([[0]], device=self.model.device)
        self.model(input_ids=ids, position_ids=ids + tokens, past_key_values=cache, use_cache=True)
        layers: list[Any] = cache.layers
        return all(layer.beginning.used == 1 for layer in layers)


def _split(rows: Sequence[_Row], limits: _Limits, window: float, continuing: bool) -> Iterator[list[_Row]]:
    """Cut the rows into batches that keep the limits."""
    batch: list[_Row] = []
    for row in rows:
        wider = [*batch, row]
        prefixes = {r.prefix for r in wider}
        copied = 0 if continuing and len(prefixes) == 1 else max(map(len, prefixes))
        columns = copied + max(len(r.rest) for r in wider) + limits.new_tokens
        if batch and (len(wider) > limits.rows or len(wider) * columns > limits.tokens or columns > window):
            yield batch
            wider = [row]
        batch = wider
    if batch:
        yield batch


def _prefill(model: Any, prefix: Sequence[int]) -> DynamicCache:
    cache = new_cache(model.config)
    if prefix:
        ids = torch.tensor([prefix], device=model.device)
        model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


@dataclass(frozen=True)
class _Begun:
    """Rows whose prompts have been through the model."""

    cache: DynamicCache
    mask: Tensor
    """1 for each column of the cache that holds a token of the row, 0 for padding on the left, [rows, columns]."""
    logits: Tensor
    """Of each row's first new token, [rows, vocabulary]."""
    shared: int
    """Tokens of a beginning that is none of the cache's columns."""


def _parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """Rows in the order of their rests, cut where padding to the longest would cost more than another pass."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or (end - start >= PART and len(rows[end].rest) > PADDED * len(rows[start].rest)):
            yield rows[start:end]
            start = end


def _begin(
    model: Any, rows: Sequence[_Row], caches: Mapping[tuple[int, ...], DynamicCache], alike: bool, limits: _Limits
) -> _Begun:
    """The first pass of some rows: the rests of their prompts, padded on the left.

    `alike`: the rows continue their beginning's cache as it lies.
    """
    shared = len(rows[0].prefix) if alike else 0
    cache = continued(caches[rows[0].prefix], model.config) if alike else None
    cache = cache or gather([row.prefix for row in rows], caches, model.config)
    held, width = [0 if shared else len(row.prefix) for row in rows], max(len(row.rest) for row in rows)
    ids = torch.tensor([[limits.pad_id] * (width - len(row.rest)) + list(row.rest) for row in rows])
    mask = torch.zeros(len(rows), max(held) + width, dtype=torch.long)
    for number, row in enumerate(rows):
        mask[number, max(held) - held[number] : max(held)] = 1
        mask[number, mask.shape[1] - len(row.rest) :] = 1
    mask = mask.to(model.device)
    logits = _step(model, ids.to(model.device), mask, _positions(mask, shared)[:, -width:], cache)
    return _Begun(cache, mask, logits, shared)


def _positions(mask: Tensor, shared: int) -> Tensor:
    """The position of each column's token, [rows, columns]; see `_Begun`."""
    return (mask.cumsum(1) - 1).clamp(min=0) + shared


def _step(model: Any, ids: Tensor, mask: Tensor, positions: Tensor, cache: DynamicCache) -> Tensor:
    """The logits after some more tokens of each row, [rows, vocabulary].

    Args:
        ids: shape (rows, tokens), the new ones.
        mask: shape (rows, columns), see `_Begun`, new tokens included.
        positions: shape (rows, tokens).
        cache: takes the new tokens.
    """
    output = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        # As an index it makes a copy; a slice would make torch copy the output layer once a row.
        logits_to_keep=torch.tensor([ids.shape[1] - 1], device=model.device),
    )
    logits: Tensor = output.logits[:, -1]
    return logits


class _Batch:
    """Rows that are decoded together, one column of tokens at a time."""

    def __init__(self, model: Any, rows: Sequence[_Row], begun: Sequence[_Begun], limits: _Limits) -> None:
        """`begun`: all rows, in their order."""
        self.model, self.limits = model, limits
        self.room = [limits.room(row) for row in rows]
        self.replies: list[list[int]] = [[] for _ in rows]
        self.pickers = [row.picker for row in rows]
        self.ended: set[int] = set()
        self.seconds: dict[int, float] = {}
        """When each row that is done was done."""
        self.live = list(range(len(rows)))
        self.cache = joined([part.cache for part in begun], model.config)
        self.start = max(part.mask.shape[1] for part in begun)
        """Columns that the cache holds already."""
        held = torch.cat([pad(part.mask, (self.start - part.mask.shape[1], 0)) for part in begun])
        self.mask = pad(held, (0, limits.new_tokens), value=1)
        self.positions = _positions(self.mask, begun[0].shared)
        self.logits = torch.cat([part.logits for part in begun])

    def run(self) -> list[Generation]:
        """Decode until each row has ended or has no room left."""
        begin = time.perf_counter()
        while self.live:
            chosen = self._choose(self.logits)
            for index, token in zip(self.live, chosen.tolist(), strict=True):
                if index not in self.seconds and not self._record(index, token):
                    self.seconds[index] = time.perf_counter() - begin
            keep = [row for row, index in enumerate(self.live) if index not in self.seconds]
            # Dropping rows copies the whole cache, so a few at a time is not worth it.
            if len(keep) <= KEPT_ROWS * len(self.live):
                chosen = self._select(keep, chosen)
            if self.live:
                self.logits = self._forward(chosen)
        return [
            Generation(tuple(reply), i not in self.ended, seconds=self.seconds[i])
            for i, reply in enumerate(self.replies)
        ]

    def _forward(self, chosen: Tensor) -> Tensor:
        """The logits after the tokens that were chosen."""
        self.start += 1
        mask, positions = self.mask[:, : self.start], self.positions[:, self.start - 1 : self.start]
        return _step(self.model, chosen[:, None], mask, positions, self.cache)

    def _choose(self, logits: Tensor) -> Tensor:
        """The next token of each live row, [rows]."""
        return choose(logits, [None if index in self.seconds else self.pickers[index] for index in self.live])

    def _record(self, index: int, token: int) -> bool:
        """Take a row's token; whether the row goes on."""
        over = token in self.limits.end_ids
        if not over:
            self.replies[index].append(token)
            over = self.limits.stop(self.replies[index])
        if over:
            self.ended.add(index)
        return not over and len(self.replies[index]) < self.room[index] and not is_loop(self.replies[index])

    def _select(self, keep: list[int], chosen: Tensor) -> Tensor:
        """Drop the rows that are done."""
        rows = torch.tensor(keep, dtype=torch.long, device=self.model.device)
        self.cache.batch_select_indices(rows)
        self.mask, self.positions = self.mask[rows], self.positions[rows]
        self.live = [self.live[row] for row in keep]
        return chosen[rows]
