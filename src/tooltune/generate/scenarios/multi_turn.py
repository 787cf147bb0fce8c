"""A conversation of two to six turns of the user: a request, and what people say next.

They ask the same for another value ("and in Bergen?"), change their mind, go on with what came out, ask for
something else, leave out what the assistant then asks for, or just say thanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tooltune.generate.deeds import deed_of, key_of, named_by
from tooltune.generate.phrasing.actions import action_of, head
from tooltune.generate.phrasing.mentions import Mention, mentions
from tooltune.generate.phrasing.natural import is_which
from tooltune.generate.phrasing.placing import noun_in
from tooltune.generate.scenarios import long_chain, missing_argument
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import alone
from tooltune.generate.steps import Steps, do, follow, is_context, next_link
from tooltune.types import Message, Tool, ToolCall

_TURNS = (2, 2, 3, 3, 4, 5, 6)
_LINKED = 0.5
_ABOUT_NEWS = 0.4
_LOOKS = ("show", "find", "compute")
_AT = re.compile(r"(?:in|on|at|for|from|to|by) ")
_NEAR = re.compile(r"(?:in|on|at|for|from|to|by|until|since|with|called|named) ")
_HASH = re.compile(r"[0-9a-f]{7,40}")
_AMOUNT = re.compile(r"page|limit|count")
_ORDER = frozenset({"start", "end", "from", "to", "min", "max", "since", "until", "in", "out"})


def possible(catalogue: Catalogue) -> bool:
    """With a tool that takes an argument."""
    return any(tool.parameters for tool in catalogue.tools)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """A tool that takes an argument; in a share of cases linked ones."""
    if any(tool.parameters for tool in chosen):
        return []
    if catalogue.links and rng.random() < _LINKED:
        return long_chain.needs(catalogue, rng, chosen)
    return [rng.choice([tool for tool in catalogue.tools if tool.parameters])]


@dataclass
class Talk:
    """The conversation so far."""

    steps: Steps = field(default_factory=lambda: Steps(one_wish=False))
    messages: list[Message] = field(default_factory=list)
    turns: int = 0
    changed_mind: bool = False
    """Whether the user has changed their mind: once is enough."""
    last: tuple[Tool, ToolCall, Mapping[str, str]] | None = None
    """The last call that can be asked for again, and how its arguments were said."""

    @property
    def was_just_answered(self) -> bool:
        """Whether the last call came last, so that a change of mind is about it."""
        calls = [message.tool_calls for message in self.messages[-3:-1] if message.tool_calls]
        return self.last is not None and bool(calls) and calls[-1] == (self.last[1],)

    def add(self, *messages: Message) -> None:
        """Take in messages; those of the user are counted."""
        self.messages += messages
        self.turns += sum(message.role == "user" for message in messages)


def build(scene: Scene) -> Draft | None:
    """Turn after turn until there are enough; a turn that does not work out ends the try."""
    talk, wanted = Talk(), scene.rng.choice(_TURNS)
    if not (_left_out if scene.rng.random() < 0.2 else _asked)(scene, talk):
        return None
    for _ in range(2 * wanted):
        if talk.turns >= wanted:
            break
        if not scene.rng.choices(_KINDS, _WEIGHTS)[0](scene, talk):
            return None
    calls = sum(bool(message.tool_calls) for message in talk.messages)
    return Draft(talk.messages) if talk.turns > 1 and calls > 1 else None


def _asked(scene: Scene, talk: Talk) -> bool:
    """A request of its own."""
    tool = scene.rng.choice([tool for tool in scene.tools if tool.parameters] or list(scene.tools))
    split = scene.phrasing(tool).clauses if talk.turns else scene.phrasing(tool).requests
    frame = scene.frame(split)
    if frame is None:
        return False
    spoken = scene.speak(frame, {"": tool}, "inner" if talk.turns else None)
    text = scene.fill_in("further_wishes", {"do": spoken.text}) if talk.turns else spoken.text
    user = Message("user", text) if talk.turns else scene.user(text)
    return _called(scene, talk, user, tool, spoken.says, spoken.arguments[""][0])


def _called(
    scene: Scene, talk: Talk, user: Message, tool: Tool, says: Mapping[str, str], arguments: Mapping[str, Any]
) -> bool:
    """What the user says, the call, its result and the answer."""
    before = len(talk.steps.messages)
    if not do(scene, talk.steps, tool, user.content, says, arguments):
        return False
    new = talk.steps.messages[before:]
    if scene.is_foreign(tool) and _is_asked_again(talk, new):
        return False
    talk.add(user, *new, scene.assistant(talk.steps.answers[-1]))
    talk.last = (tool, new[0].tool_calls[0], says)
    return True


def _is_asked_again(talk: Talk, new: Sequence[Message]) -> bool:
    """Whether a call was made before, with the same arguments: nobody asks twice."""
    before = [_asked_for(call) for message in talk.messages for call in message.tool_calls]
    return any(_asked_for(call) in before for message in new for call in message.tool_calls)


def _asked_for(call: ToolCall) -> tuple[str, str]:
    """What a call is about, without how much of it."""
    about = {n: v for n, v in call.arguments.items() if not (isinstance(v, int) and _AMOUNT.search(n))}
    return call.name, repr(about)


def _left_out(scene: Scene, talk: Talk) -> bool:
    """A request that leaves out what is needed, the question for it, and the user's reply."""
    draft = missing_argument.asked_and_given(scene, greets=not talk.turns)
    if draft is None or (scene.is_foreign(scene.tools[0]) and _is_asked_again(talk, draft.messages)):
        return False
    talk.add(*draft.messages)
    talk.last = None
    return True


def _varied(scene: Scene, talk: Talk) -> bool:
    """The same again with one other value: "and in Bergen?", "make it 3 instead"."""
    if talk.last is None:
        return True
    tool, call, says = talk.last
    names = [name for name in call.arguments if _can_vary(tool, name) and not _holds_the_rest(name, call)]
    if scene.is_foreign(tool):  # half of "owner/repository" is nothing to change
        names = [name for name in names if _mention(tool, name) is not None and _goes_on(tool, call, name)]
    if not names:
        return True
    name = scene.rng.choice(names)
    settled = talk.changed_mind or not talk.was_just_answered
    if deed_of(tool).kind == "change" and settled and scene.is_foreign(tool):
        return True  # "now to develop too" is no wish
    if _attached(tool, name, "").startswith("and ") and scene.is_foreign(tool):
        return True  # what is called so now has no other name next
    speaker = scene.speaker(tool)
    value = speaker.value(name, scene.rng)
    if value in call.arguments.values():
        return False
    said = speaker.say(name, value, scene.rng)
    user = Message("user", _other_value(scene, talk, tool, name, said))
    return _called(scene, talk, user, tool, {**says, name: said}, {**call.arguments, name: value})


def _goes_on(tool: Tool, call: ToolCall, name: str) -> bool:
    """Whether something is changed or made once more, elsewhere; nobody calls two teams the same."""
    kind, key = deed_of(tool).kind, key_of(tool, deed_of(tool).thing)
    if key is not None and key.name in call.arguments and key.name != name and named_by(name) is not None:
        return False  # a delivery belongs to one webhook, an item to one project
    parameter = tool.parameter(name)
    if kind in _LOOKS:
        return parameter is None or parameter.required or parameter.type == "string"  # "and 20 lines of context?"
    said = [_attached(tool, other, "") for other in call.arguments]
    calls_it = kind == "change" and any(text.startswith(("and ", "called ", "with the title ")) for text in said)
    mention = _mention(tool, name)
    says_which = mention is not None and is_which(action_of(tool), mention)
    return not calls_it and (says_which or _attached(tool, name, "").startswith(("to ", "called ", "named ")))


def _holds_the_rest(name: str, call: ToolCall) -> bool:
    """An issue of one repository is not looked for by its number in another one."""
    others = [other for other in call.arguments if not is_context(other)]
    return is_context(name) and any(
        named_by(other) is not None or _HASH.fullmatch(str(call.arguments[other])) for other in others
    )


def _can_vary(tool: Tool, name: str) -> bool:
    """Whether a new value can be told from the rest of the call; of a start and an end, neither is changed alone."""
    parameter = tool.parameter(name)
    if parameter is None or parameter.enum or parameter.type not in ("string", "integer", "number"):
        return False
    mention = _mention(tool, name)
    is_detail = mention is not None and mention.apart  # nobody asks "and 7 of the results?"
    return not is_detail and _ORDER.isdisjoint(re.split(r"[_\W]", name.lower())) and not parameter.extra.get("const")


def _other_value(scene: Scene, talk: Talk, tool: Tool, name: str, said: str) -> str:
    kind = deed_of(tool).kind
    x = alone(scene.speaker(tool), name, said)
    attached = _attached(tool, name, x)
    if scene.is_foreign(tool) and attached == f"at {x}" and "/" in x:
        attached = f"for {x}"  # a file is no place
    undone = kind == "change" and scene.is_foreign(tool) and not attached.startswith("to ")  # whom I blocked stays so
    was_meant = kind in ("change", "show", "compute") and not undone
    was_meant = was_meant and talk.was_just_answered and not talk.changed_mind
    if was_meant and (scene.rng.random() < 0.35 or (kind == "change" and attached.startswith("to "))):
        talk.changed_mind = True
        return scene.fill_in("changes_of_mind" if named_by(name) is None else "slips", {"x": x})
    if scene.is_foreign(tool) and attached.startswith(("called ", "named ")):
        return scene.fill_in("one_more", {"at": attached}) if kind == "make" else _once_more(scene, f"for {x}")
    if scene.is_foreign(tool) and kind not in _LOOKS and _is_the_thing(tool, name):
        return _once_more(scene, f"for {x}")
    if kind not in _LOOKS or (kind == "find" and _AT.match(attached) and scene.is_foreign(tool)):
        near = _NEAR.match(attached) and not (scene.is_foreign(tool) and attached.startswith("with the name "))
        return _once_more(scene, attached if near else f"for {x}")
    if _AT.match(attached) and scene.rng.random() < 0.5 and not scene.is_foreign(tool):
        return scene.fill_in("other_values_at", {"at": attached})
    with_unit = attached[attached.find(x) :] if x in attached and x[:1].isdigit() else x
    return scene.fill_in("other_values", {"x": with_unit})


def _once_more(scene: Scene, at: str) -> str:
    return scene.fill_in("once_more", {"at": at})


def _is_the_thing(tool: Tool, name: str) -> bool:
    """Whether a parameter tells what the command is about, or which of them: "the organization x", "alert 5"."""
    mention, said = _mention(tool, name), action_of(tool).object
    noun = noun_in(said, mention) if mention is not None else ""
    return bool(noun) and (named_by(name) is not None or noun.endswith(head(said)[0]))


def _mention(tool: Tool, name: str) -> Mention | None:
    return next((m for m in mentions(tool, action_of(tool)) if m.names == (name,)), None)


def _attached(tool: Tool, name: str, x: str) -> str:
    """The value with the words that attach it to a request: "in Bergen", "with a weight of 7 kilograms"."""
    mention = _mention(tool, name)
    if mention is None or mention.gap not in mention.attach[0]:
        return ""
    return mention.attach[0].replace(f'"{mention.gap}"', mention.gap).replace(mention.gap, x)


def _went_on(scene: Scene, talk: Talk) -> bool:
    """A wish that takes something from an earlier result."""
    links = scene.links
    if scene.is_foreign(scene.tools[0]):  # what lies further back was in another place
        links = [link for link in links if [link.first] == talk.steps.used[-1:]]
    link = next_link(scene, talk.steps, links)
    if link is None:
        return True
    before = len(talk.steps.messages)
    if not follow(scene, talk.steps, link):
        return False
    user = Message("user", scene.fill_in("further_wishes", {"do": talk.steps.clauses[-1]}))
    talk.add(user, *talk.steps.messages[before:], scene.assistant(talk.steps.answers[-1]))
    talk.last = None
    return True


def _chatted(scene: Scene, talk: Talk) -> bool:
    """A word between; never two in a row."""
    if not talk.messages[-2].tool_calls and talk.messages[-2].role != "tool":
        return True
    is_news = talk.last is not None and deed_of(talk.last[0]).kind in _LOOKS and scene.rng.random() < _ABOUT_NEWS
    frame = scene.shared("asides_to_news" if is_news else "asides")
    talk.add(Message("user", str(frame.template.parts[0])), scene.assistant(frame.reply))
    return True


_KINDS: tuple[Callable[[Scene, Talk], bool], ...] = (_varied, _went_on, _asked, _chatted, _left_out)
_WEIGHTS = (40, 40, 15, 15, 5)
