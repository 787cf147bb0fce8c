"""Ways to ask for several calls at once; each text must hold what its calls hold."""

from random import Random

import pytest

from tooltune.generate.catalogue.draw import draw
from tooltune.generate.scenarios.together import in_one_breath, in_sentences, of_many
from tooltune.generate.scene import Catalogue, Scene

DRAWN = draw(120, 5)
CATALOGUE = Catalogue(DRAWN.tools, DRAWN.wording)


def asked(way):
    for seed in range(200):
        rng = Random(seed)
        scene = Scene(CATALOGUE, tuple(rng.sample(DRAWN.tools, 2)), "train", rng)
        scene.style = "plain"
        found = way(scene)
        if found is not None:
            yield scene, *found


@pytest.mark.parametrize("way", [in_one_breath, of_many, in_sentences])
def test_everything_that_a_call_holds_is_said(way):
    count = 0
    for scene, text, said in asked(way):
        implied = {(tool, name) for tool, name, _, _ in scene.implied}
        for call, says in said:
            words = [words for name, words in says.items() if (call.name, name) not in implied]
            assert all(part.lower() in text.lower() for part in words), (text, words)
            count += 1
        assert scene.families, "the wording is noted, so that it stays in its part"
    assert count > 100


def test_what_calls_share_is_said_once():
    texts = [(text, said) for _, text, said in asked(in_one_breath)]
    assert {len(said) for _, said in texts} == {2, 3, 4}
    for text, said in texts:
        assert len({call.name for call, _ in said}) == 1
        assert not any(mark in text[:-1] for mark in ("? ", "! ")), text


def test_one_argument_varies_and_all_else_is_alike():
    for _, text, said in asked(of_many):
        calls = [dict(call.arguments) for call, _ in said]
        differ = {name for call in calls for name in call if call[name] != calls[0].get(name)}
        assert len(differ) <= 1, text


def test_whole_requests_are_of_different_tools_where_there_are_some():
    for scene, text, said in asked(in_sentences):
        assert {call.name for call, _ in said} == {tool.name for tool in scene.tools}, text
        assert len(said) == len(scene.tools)
