"""All rows' tokens are picked in one operation, each as it would be alone."""

from collections import Counter

import torch

from tooltune.evaluate.choosing import Picker, choose

LOGITS = torch.tensor([[0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0]])


class Only:
    """A guide that allows some tokens, and refuses some of those when they come."""

    def __init__(self, allowed, refused=()):
        self.tokens, self.refused, self.taken = allowed, refused, []

    def allowed(self):
        return bytes(token in self.tokens for token in range(3)) if self.tokens else None

    def accept(self, token):
        self.taken.append(token)
        return token not in self.refused


def sampler(seed, temperature=1.0):
    return Picker(temperature, torch.Generator().manual_seed(seed))


def test_without_a_temperature_it_is_the_likeliest():
    assert choose(LOGITS.clone(), [None, Picker()]).tolist() == [3, 0]


def test_samples_come_as_often_as_the_model_says():
    picker = sampler(0)
    found = Counter(int(choose(LOGITS[:1].clone(), [picker])[0]) for _ in range(4000))
    expected = torch.softmax(LOGITS[0], -1)
    assert all(abs(found[token] / 4000 - float(expected[token])) < 0.03 for token in range(4))
    cold = Counter(int(choose(LOGITS[:1].clone(), [sampler(n, 0.5)])[0]) for n in range(2000))
    assert abs(cold[3] / 2000 - float(torch.softmax(LOGITS[0] / 0.5, -1)[3])) < 0.04


def test_a_row_is_sampled_as_if_it_were_alone():
    together = [choose(LOGITS.clone(), [sampler(n), sampler(n + 50)]).tolist() for n in range(50)]
    alone = [
        [int(choose(LOGITS[row : row + 1].clone(), [sampler(n + 50 * row)])[0]) for row in (0, 1)] for n in range(50)
    ]
    assert together == alone


def test_a_guide_bans_what_it_does_not_allow_and_what_it_has_no_byte_for():
    guide = Only((0, 1))
    chosen = choose(LOGITS.clone(), [Picker(guide=guide), None]).tolist()
    assert chosen == [1, 0]
    assert guide.taken == [1]
    picker = Picker(1.0, torch.Generator().manual_seed(1), Only((0,)))
    assert {int(choose(LOGITS[:1].clone(), [picker])[0]) for _ in range(20)} == {0}


def test_what_a_guide_refuses_is_chosen_again():
    guide = Only((), refused=(3, 2))
    assert choose(LOGITS.clone(), [Picker(guide=guide), None]).tolist() == [1, 0]
    assert guide.taken == [3, 2, 1]
