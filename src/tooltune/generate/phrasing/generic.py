"""Wording for a tool nobody has written frames for: from its name, description and schema.

The description's first sentence becomes a command. An argument takes the place of the words that stand for
it ("in a city" -> "in Oslo"); the others follow in the way their names suggest ("on 3 May 2025", "called x",
"sorted by date"). Several such commands, which differ in the order and choice of what follows, are put into
sentences; those of the held-out part are other sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.example_tools import is_example_tool
from tooltune.generate.deeds import deed_of, key_of, named_by
from tooltune.generate.names import is_place, words
from tooltune.generate.phrasing.actions import Action, action_of, head, noun_of
from tooltune.generate.phrasing.details import details_of, pick
from tooltune.generate.phrasing.grammar import definite, repeats, said_once
from tooltune.generate.phrasing.library import library
from tooltune.generate.phrasing.mentions import Mention, mentions, noun_for, plural
from tooltune.generate.phrasing.model import Frame, Part, Split, ToolPhrasing
from tooltune.generate.phrasing.natural import CHANGING, is_change, is_clear, is_natural, is_which
from tooltune.generate.phrasing.placing import aside, noun_in, place
from tooltune.generate.phrasing.questions import questions
from tooltune.generate.phrasing.sayable import is_writable, sayable
from tooltune.generate.phrasing.spoken import spoken_words
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.slots import text_kind
from tooltune.generate.templates import parse_template
from tooltune.types import Tool

_VARIANTS = 8
"""How many different commands are made; optional things take turns in them."""
_SHORT = 2
_BETWEEN = re.compile(r" between (?:two )?[\w -]+$")
_ARTICLE = re.compile(r"^(a)(?= (?!use|uni|one)[aeiou])")
_OF_SOME = re.compile(r"^([\w -]+) (\x00\{\w+\}\x00) (?:for|from) an? ([\w -]+)$")
""" "comment 5 for a pull request": pull request comment 5."""
_PARTS = (0.25, 0.5, 0.75, 0.2, 0.6, 1.5, 2.25, 3.75, 0.125, 0.375, 1.2, 4.5)
_LASTING = frozenset({"team", "group", "project", "channel", "workspace", "campaign", "organization"})
"""What lasts, and is described by what it is for."""
_SELECTED = re.compile(r"\ban? (?:selected|specified|given|specific|particular) (?P<an>(?!use|uni|one)[aeiou])?")
_POINTED = re.compile(r"^(\x00[^{\x00]+\x00) for an? [\w -]+$")
""" "the first comment for a pull request": the first comment."""
_ONE_DOES = re.compile(r"\x00(?:'s| (?!(?:as|is)\b)[a-z]+s\b)")
""" "the people the user kim follows"."""
_OF_THINGS = frozenset({"contents", "content", "details", "information", "metadata", "status", "value"})
_CALLED = re.compile(r"(?:called|named|titled) ")


@dataclass(frozen=True)
class _Plan:
    """A tool, and what there is to say for it."""

    tool: Tool
    action: Action
    mentions: tuple[Mention, ...]

    def without(self, mention: Mention) -> _Plan:
        """The same, but for a mention."""
        return _Plan(self.tool, self.action, tuple(m for m in self.mentions if m != mention))

    @property
    def changes(self) -> bool:
        """Whether something must be said that is to become different."""
        return self.action.verb in CHANGING and all(is_which(self.action, m) for m in self.mentions if m.required)

    @property
    def makes(self) -> bool:
        """Whether the first noun is something that is yet to be made; what is added is there already."""
        return self.action.is_a("make") and self.action.verb != "add"


def phrasing_for(tool: Tool) -> ToolPhrasing:
    """The wording of a tool: written by hand for an example tool, else made from its definition."""
    if is_example_tool(tool):
        return library().tools[tool.name]
    plan = _plan(tool)
    placed = {m.names[0]: noun for m in plan.mentions if (noun := noun_in(plan.action.object, m, plan.makes))}
    return ToolPhrasing(
        does=command(tool),
        requests=_split(tool, "requests", lambda part: _requests(plan, part)),
        several=_split(tool, "several", lambda part: _several(plan, part)),
        clauses=_split(tool, "clauses", lambda part: (request(plan, v) for v in range(_VARIANTS // 2)), shared=True),
        opening=_split(tool, "clauses", lambda part: _opening(plan), shared=True),
        missing=_split(tool, "missing", lambda part: _missing(plan, part)),
        nouns={parameter.name: noun_for(parameter) for parameter in tool.parameters},
        noun=noun_of(tool),
        ask=questions(tool, plan.mentions, placed),
        values=_kinds(tool, plan.mentions),
        words=spoken_words(tool, plan.action),
        clear=is_clear(tool, plan.action, plan.mentions, request(plan, optional=False), plan.changes),
        many=frozenset(m.names[0] for m in plan.mentions if m.is_list and m.names[0] in placed),
        alone={name: '"{x}"' for m in plan.mentions if m.style == "quoted" for name in m.names},
    )


def _kinds(tool: Tool, said: Sequence[Mention]) -> dict[str, str | Sequence[Any]]:
    """Parameter -> the source of its values, where the whole tool tells it: what is read as text is no photo."""
    known = {p.name: text_kind(p.name, p.description, noun_of(tool)) for p in tool.parameters if not p.enum}
    is_text = {"content", "text"} & {*known} or re.search(r" (?:as text|text file)\b", tool.description.lower())
    kind = "text_file" if action_of(tool).verb == "read" else "plain_file"  # no sentence is written into a .toml
    found: dict[str, str | Sequence[Any]] = {
        n: kind for n, known_as in known.items() if known_as == "file_path" and is_text
    }
    if "repository" in known.values():  # code has no Japanese
        found |= {name: "programming_language" for name, kind in known.items() if kind == "language"}
        found |= {name: "code_file" for name, kind in known.items() if kind == "file_path"}  # no /home in there
    if tool.parameter("runner_id"):  # a machine is labelled otherwise than an issue
        found |= {name: "runner_label" for name, kind in known.items() if kind == "label"}
    made = {m.names[0] for m in said if m.required and _CALLED.match(m.attach[0])}
    found |= {name: "new_branch" for name in made if known.get(name) == "branch"}  # `main` is there already
    for parameter in tool.parameters:  # nobody sorts by "epss_percentage"
        if parameter.enum and words(parameter.name)[-1:] == ("sort",):
            plain = [value for value in parameter.enum if isinstance(value, str) and value in wording().enum_words]
            found |= {parameter.name: plain} if plain else {}
    is_in_repository = any(p.required and is_place(p.name) for p in tool.parameters)
    if is_in_repository:
        writes = action_of(tool).verb in ("commit", "merge", "push")
        text = "change_title" if writes else "comment_text"
        found |= {name: text for name, kind in known.items() if kind == "message_text"}
    noun = noun_of(tool).rpartition(" ")[2]
    if is_in_repository or noun in _LASTING:
        found |= {name: "purpose_text" for name, kind in known.items() if kind == "summary_text"}
    if "fraction" in action_of(tool).object:  # of a whole number there is none to be made
        found |= {p.name: _PARTS for p in tool.parameters if p.required and p.type != "string"}
    found |= _kinds_of_thing(tool, known)
    if {"month", "year"} <= known.keys():
        found["year"] = (2024, 2025, 2026)
    return found


def _kinds_of_thing(tool: Tool, known: Mapping[str, str | None]) -> dict[str, str]:
    """The same, where the thing tells it: a milestone has other titles than a commit."""
    found: dict[str, str] = {}
    noun = noun_of(tool).rpartition(" ")[2]
    if noun_of(tool) == "issue field":
        found |= {name: "issue_field" for name in known if name == "name"}
    if "vulnerability" in noun_of(tool):
        found |= {name: "advisory_title" if name == "summary" else "advisory_text" for name, kind in known.items()
                  if kind == "summary_text"}  # fmt: skip
    if noun == "milestone":
        found |= {name: "milestone_title" for name, kind in known.items() if kind in ("change_title", "title")}
        found |= {name: "milestone_text" for name, kind in known.items() if kind == "summary_text"}
    if noun == "commit":
        found |= {name: "sha" for name, kind in known.items() if kind == "branch" and name == "ref"}
    return found


def _plan(tool: Tool) -> _Plan:
    unsayable = {p.name for p in tool.parameters if not p.required and not sayable(tool, p)}
    for parameter in tool.parameters:
        if parameter.required and not is_writable(parameter.name):
            where = f"tool {tool.name!r}, parameter {parameter.name!r}"
            raise ToolDefinitionError(where, "a name that cannot be put into words", "a name without {, }, = and +")
    action = action_of(tool)
    known = (m for m in mentions(tool, action) if not unsayable.intersection(m.names))
    return _Plan(tool, action, tuple(m for m in known if m.required or is_natural(tool, action, m)))


def command(tool: Tool) -> str:
    """What a tool does, as a command without its details: "search the catalogue"."""
    return str(action_of(tool))


def _split(tool: Tool, kind: str, texts: Callable[[Part], Iterator[str]], shared: bool = False) -> Split:
    """Frames of both parts; shared ones are no family: the joiners around them are split."""

    def frames(part: Part) -> tuple[Frame, ...]:
        family = f"{tool.name}.{kind}" + (".held_out" if part == "held_out" else "")
        unique = dict.fromkeys(texts(part))
        return tuple(Frame("" if shared else f"{family}.{i}", parse_template(t)) for i, t in enumerate(unique))

    return Split(frames("train"), frames("held_out"))


def _requests(plan: _Plan, part: Part) -> Iterator[str]:
    """Every sentence with two of the commands, and some that only name what is to be seen."""
    named = len(request(plan, optional=False).split()) > _SHORT  # "organizations, please" is no sentence
    shown = [(frame, "{np}") for frame in wording().look_frames[part]] if named and _is_shown(plan.action) else []
    asked = [(frame, "{do}") for frame in wording().frames[part]]
    commands = [request(plan, variant) for variant in range(_VARIANTS)]
    for i, (frame, gap) in enumerate([*shown, *asked]):
        for variant in (i, i + _VARIANTS // 2 + 1):
            command = commands[variant % _VARIANTS]
            if "for me" in frame and command.endswith(" me"):
                continue
            yield frame.replace(gap, command if gap == "{do}" else command.removeprefix(plan.action.verb).strip())


def _is_shown(action: Action) -> bool:
    return action.is_a("look") and bool(action.object) and head(action.object)[0] not in ("for", "me", "something")


def _several(plan: _Plan, part: Part) -> Iterator[str]:
    """Requests with several values for one argument, where that is natural."""
    frames = wording().frames[part]
    quotes = any(m.required and m.style == "quoted" for m in plan.mentions)  # nobody says the same in three places
    varied = [m for m in plan.mentions if _can_vary(plan, m)] if not (plan.changes or quotes) else []
    for mention in varied:
        commands = [request(plan, variant, varied=mention, optional=False) for variant in range(2)]
        commands = [command for command in commands if "+}" in command]
        for i, frame in enumerate(frames if commands else ()):
            yield frame.replace("{do}", commands[i % len(commands)])


def _can_vary(plan: _Plan, mention: Mention) -> bool:
    is_plain = mention.required and len(mention.names) == 1 and "." not in mention.names[0]
    if not is_plain or mention.style in ("", "quoted", "choice"):
        return False
    parameter = plan.tool.parameter(mention.names[0])
    if parameter is None or parameter.type not in ("string", "integer", "number"):
        return False
    # A number counts within one place: nobody wants repository 5 of two owners.
    if plan.action.object.startswith(("if ", "whether ")):
        return False  # "if the users ada and kim is blocked"
    key = key_of(plan.tool, deed_of(plan.tool).thing)
    if key is not None and key.name != parameter.name and named_by(parameter.name) is not None:
        return False  # a delivery belongs to one webhook
    if any(m.required and m.attach[0].startswith("and ") for m in plan.mentions):
        return False  # "update teams 5 and 7 and call it x"
    is_where = mention.style == "thing" or is_place(mention.names[0])
    if is_where and any(m.required and m.style in ("code", "named") for m in plan.mentions if m != mention):
        return False
    placed = place(plan.action.object, mention, makes=plan.makes)
    return placed is not None and not _ONE_DOES.search(placed)


def _opening(plan: _Plan) -> Iterator[str]:
    """Commands with nothing behind a comma, to which more is joined; nobody takes the first thing of page 7."""
    details = [m for m in plan.mentions if m.apart and not m.required and not plan.changes]
    return (request(plan, variant, without=details) for variant in range(_VARIANTS // 2))


def _missing(plan: _Plan, part: Part) -> Iterator[str]:
    """Requests that leave out one thing they need; nobody answers a question with two texts."""
    frames = wording().frames[part]
    needed = [m for m in plan.mentions if m.required and not _is_flag(plan, m) and not is_change(m)]
    for j, mention in enumerate(needed):
        commands = [_any(request(plan, j + variant, without=[mention])) for variant in range(_VARIANTS // 2)]
        commands = [command for command in commands if not repeats(command)] or commands
        for i in range(0, len(frames), 2) if not all(map(repeats, commands)) else ():
            frame = frames[(i + j) % len(frames)]
            yield frame.replace("{do}", commands[i // 2 % len(commands)])


def _any(command: str) -> str:
    """ "remove a selected repository" without saying which is to remove a repository."""
    return _SELECTED.sub(lambda found: f"an {found['an']}" if found["an"] else "a ", command)


def linked_clauses(tool: Tool, said: Mapping[str, str], thing: str) -> tuple[Frame, ...]:
    """Commands in which some arguments are known from before, as what may follow "can you".

    Args:
        tool: the tool.
        said: parameter -> the words that stand for its value ("that order"), or "" where it goes without saying.
        thing: what those words name.
    """
    plan = _plan(tool)
    known, changes = [m for m in plan.mentions if any(said.get(name) for name in m.names)], plan.changes
    words = {m: next(said[name] for name in m.names if said.get(name)) for m in known}
    plan = replace(plan, mentions=tuple(_pointing(m, words[m], thing) if m in words else m for m in plan.mentions))
    silent = [m for m in plan.mentions if all(said.get(name) == "" for name in m.names)]
    texts = (request(plan, v, without=silent, optional=plan.changes or changes) for v in range(_VARIANTS // 2))
    # A value takes no article and no adjective: "for one unpaid that invoice".
    clean = (_loose(text, [*words.values()]) for text in texts)
    return tuple(Frame("", parse_template(text)) for text in dict.fromkeys(clean))


def _loose(text: str, pointers: Sequence[str]) -> str:
    for said in pointers:
        text = re.sub(rf"\b(?:one|an?|the|my|any|each|every) (?:[\w-]+ )?(?={re.escape(said)}\b)", "", text)
    return text


def _pointing(mention: Mention, words: str, thing: str) -> Mention:
    """A mention of something that was spoken of before."""
    gap = re.escape(mention.gap)
    near = [
        text.replace(mention.gap, words) for text in mention.attach if re.fullmatch(rf"(?:to|in|on|from) {gap}", text)
    ]
    nouns = (*mention.stands_for, thing, plural(thing))
    attach = tuple(near) or (f"for {words}",)
    return replace(mention, gap=words, style="itself", attach=attach, stands_for=nouns, apart=False)


def _is_flag(plan: _Plan, mention: Mention) -> bool:
    parameter = plan.tool.parameter(mention.names[0])
    return parameter is None or parameter.type == "boolean" or "." in mention.names[0]


def request(
    plan: _Plan,
    variant: int = 0,
    without: Collection[Mention] = (),
    varied: Mention | None = None,
    optional: bool = True,
) -> str:
    """A template that asks for the tool, as what may follow "can you".

    Args:
        plan: the tool.
        variant: which of the ways; it decides what is optional and in which order things are said.
        without: what is not mentioned.
        varied: something for which several values are named.
        optional: whether optional arguments may be said.
    """
    text, rest = plan.action.object, []
    asides = {}
    for mention in plan.mentions:
        if not mention.required and mention.style:
            text, phrase = aside(text, mention)
            asides[mention] = replace(mention, attach=(phrase,), apart=False) if phrase else mention
    for mention in plan.mentions:
        placed = place(text, mention, mention == varied, plan.makes) if mention.required else None
        if mention in without:
            text = _dropped(text, mention, plan) if placed is not None else text
        elif placed is not None:
            text = placed
        else:
            rest.append(asides.get(mention, mention))
    text, rest = _one_for(text, rest, plan)
    pair = next((m for m in rest if m.noun == "repository"), None)
    if pair and "\x00" not in text:
        text = _ARTICLE.sub(r"\1n", text.replace("repository ", "", 1))  # "an archive" of "a repository archive"
    is_pair = any(m.style == "pair" and m.required for m in rest)
    text = _BETWEEN.sub("", text) if is_pair or "\x00" not in text else text
    text = _OF_SOME.sub(r"\3 \1 \2", _POINTED.sub(r"\1", text))
    text, rest = _called(text, rest, variant) if plan.makes else (text, rest)
    if any(m.required for m in plan.mentions) and not any(_is_the_thing(plan, m) for m in without):
        text = definite(plan.action.verb, text)
    text, rest = _switched_to(plan, text, rest, variant)
    seed = f"{plan.tool.name}:{variant}"
    details = details_of(plan.action.verb, text, rest, variant, Random(seed), optional, plan.changes)
    return said_once(f"{plan.action.verb} {text}".replace("\x00", "").strip() + details)


def _one_for(text: str, rest: list[Mention], plan: _Plan) -> tuple[str, list[Mention]]:
    """ "the configuration for an organization" and "for the hook 5": the place comes after, as "in acme"."""
    for mention in plan.mentions:
        end = f" for \x00{mention.gap}\x00"
        starts = [m.attach[0].partition(" ")[0] for m in rest if m.required]
        if "for" in starts and "in" not in starts and text.endswith(end) and mention.attach[0].startswith("in "):
            return text.removesuffix(end), [*rest, mention]
    return text, rest


def _is_the_thing(plan: _Plan, mention: Mention) -> bool:
    """Whether a mention is what the command is about: without it, "get an item" is any item."""
    return noun_in(plan.action.object, mention).endswith(head(plan.action.object)[0])


def _switched_to(plan: _Plan, text: str, rest: list[Mention], variant: int) -> tuple[str, list[Mention]]:
    """ "switch to main", where "switch branches to main" says the same with more."""
    for mention in rest:
        said = pick(mention, variant)
        if plan.action.verb == "switch" and text in mention.stands_for and said.startswith("to "):
            return f"\x00{said}\x00", [m for m in rest if m != mention]
    return text, rest


def _dropped(text: str, mention: Mention, plan: _Plan) -> str:
    """The command without the phrase that speaks of a thing: "in a city" goes, an object stays."""
    marked = place(text, mention, makes=plan.makes) or text
    gap = re.escape(f"\x00{mention.gap}\x00")
    before = r" (?:in|for|to|of|from|at|about|into|onto|on|by|with|between|inside|within|under|outside(?: of)?) "
    cut, count = re.subn(rf"{before}(?:(?!(?:in|of|to|for|from|on|at|with) )[\w-]+ ){{0,3}}#?{gap}", "", marked)
    taken_from = plan.action.verb == "remove" and " from " in text and " from " not in cut
    if taken_from or re.search(r"[^e]ed$", cut):
        return text  # "remove repository 5" from what? "repositories starred" by whom?
    if len(cut.split()) < _SHORT + 2 and head(cut)[0] in _OF_THINGS:
        return text  # "read the contents, please" says nothing
    return cut if count and len(cut) > 0 and "\x00" not in text.replace(cut, "") else text


def _called(text: str, rest: list[Mention], variant: int) -> tuple[str, list[Mention]]:
    """A name follows what is made at once: "a branch called x in ..."."""
    for mention in rest:
        said = pick(mention, variant)
        if mention.required and _CALLED.match(said):
            end = head(text)[1]
            others = [_with_noun(m) if _CALLED.match(m.attach[0]) else m for m in rest if m != mention]
            return f"{text[:end]} \x00{said}\x00{text[end:]}", others
    return text, rest


def _with_noun(mention: Mention) -> Mention:
    """Nothing is called two names."""
    return replace(mention, attach=(f"with the {mention.noun} {mention.gap}",))
