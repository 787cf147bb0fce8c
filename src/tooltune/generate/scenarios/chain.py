"""Two calls, the second of which needs a value from the first one's result."""

from __future__ import annotations

from random import Random

from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import Speaker, in_order
from tooltune.types import Tool


def possible(catalogue: Catalogue) -> bool:
    """With two tools that a chain is written for."""
    return bool(catalogue.chains)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """The two tools of a chain."""
    names = {tool.name for tool in chosen}
    if any({chain.first, chain.second} <= names for chain in catalogue.chains):
        return []
    chain = rng.choice(catalogue.chains)
    return [catalogue.by_name[name] for name in (chain.first, chain.second) if name not in names]


def build(scene: Scene) -> Draft | None:
    """Request, first call and result, second call and result, answer."""
    names = {tool.name for tool in scene.tools}
    chain = scene.rng.choice([c for c in scene.catalogue.chains if {c.first, c.second} <= names])
    first, second = scene.catalogue.by_name[chain.first], scene.catalogue.by_name[chain.second]
    frame = scene.frame(chain.frames)
    if frame is None:
        return None
    speakers: dict[str, Tool | Speaker] = {"1": first, "2": Speaker(second, scene.phrasing(second), chain.values)}
    spoken = scene.speak(frame, speakers)
    (one,) = spoken.calls("1", first)
    found, result = scene.run(one)
    if "error" in result:
        return None
    linked = {argument: result[name] for argument, name in chain.link.items()}
    two = in_order(second, {**spoken.arguments["2"][0], **linked})
    done, outcome = scene.run(two)
    if "error" in outcome or len(set(map(str, two.arguments.values()))) < len(two.arguments):
        return None
    says = {key[2:]: said for key, said in spoken.says.items() if key.startswith("2.")}
    answer = scene.answer(two, outcome, says | {argument: str(value) for argument, value in linked.items()})
    messages = [scene.user(spoken.text), scene.calling([one]), found]
    return Draft([*messages, scene.calling([two], "second_lead_ins", 0.25), done, scene.assistant(answer)])
