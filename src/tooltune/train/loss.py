"""The loss of a pack: cross-entropy on trained tokens only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from tooltune.engine.fused import HeadLoss


def pack_loss(model: Any, inputs: Mapping[str, Any], head: torch.Tensor | None = None) -> torch.Tensor:
    """Weighted sum of the cross-entropy of a pack's trained tokens; see `batching` for the tensors.

    The head runs at `logits_to_keep` only, inside the model's own forward, so that whatever a
    model does to its logits (scale, cap) stays; or in the loss, with its weight `head` (see `fuse`).
    """
    rest = {key: inputs[key] for key in inputs if key not in ("labels", "weights", "rows", "columns")}
    logits = model(**rest, use_cache=False).logits
    picked = logits[inputs["rows"], inputs["columns"]] if "rows" in inputs else logits[0]
    if head is not None:
        loss: torch.Tensor = HeadLoss.apply(picked, head, inputs["labels"], inputs["weights"])  # type: ignore[no-untyped-call]
        return loss
    plain: torch.Tensor = cross_entropy(picked.float(), inputs["labels"], reduction="none") @ inputs["weights"]
    return plain
