"""FlexAttention gives what the attention of single branches gives. On a CPU torch has its forward pass alone."""

from __future__ import annotations

import pytest
import torch

from tooltune.train.attention import _by_branch
from tooltune.train.flex import flex


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")  # only CUDA compiles it
@pytest.mark.parametrize("key_heads", [1, 2, 4])
@pytest.mark.parametrize("lengths", [(5, 4, 3), (0, 6, 1, 2), (7,), (140, 30, 65)])
def test_it_equals_the_attention_of_single_branches(lengths: tuple[int, ...], key_heads: int) -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, heads, sum(lengths), 8) for heads in (4, key_heads, key_heads))
    for scale in (None, 0.2):
        expected = _by_branch(query, key, value, lengths, scale)
        torch.testing.assert_close(flex(query, key, value, lengths, scale), expected, rtol=1e-5, atol=1e-6)
