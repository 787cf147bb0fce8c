"""Wording for a tool nobody has written frames for: from its name, description and schema.

Plain but grammatical: the description's first sentence as a command, and the arguments after it or,
where the description speaks of them ("in a city"), in their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tooltune.example_tools import is_example_tool
from tooltune.generate.phrasing.library import library
from tooltune.generate.phrasing.model import Frame, Part, Split, ToolPhrasing
from tooltune.generate.surfaces import spaced
from tooltune.generate.templates import parse_template
from tooltune.types import Tool, ToolParameter

_DETAIL = re.compile(r",? (?:by|using|based on|given|according to|via|with (?:the|a) (?:given|specified))\b.*")
_ARTICLES = r"(?:(?:an?|the|given|specified|some|one) )*"
_PREPOSITION = rf"(?P<before>\b(?:in|for|to|of|from|at|about|into|on|by|with) ){_ARTICLES}"
_QUOTED = {"text", "message", "body", "content", "title", "query", "note", "notes", "description",
           "comment", "subject", "name", "task", "question", "phrase", "prompt", "summary"}  # fmt: skip
# Names of flags that begin so are commands themselves: "include archived".
_COMMANDS = {"include", "exclude", "notify", "send", "use", "show", "only", "skip", "allow", "ignore", "mark"}
_IRREGULAR = {"does": "do", "goes": "go", "is": "be", "has": "have"}
_NO_VERB = {"a", "an", "the", "this", "tool", "use", "function", "for", "to", "utility", "api"}


def phrasing_for(tool: Tool) -> ToolPhrasing:
    """The wording of a tool: written by hand for an example tool, else made from its definition."""
    if is_example_tool(tool):
        return library().tools[tool.name]
    nouns = {parameter.name: spaced(parameter.name) for parameter in tool.parameters}
    return ToolPhrasing(
        does=command(tool),
        requests=_both(tool, "requests"),
        several=_both(tool, "several"),
        clauses=_both(tool, "clauses"),
        missing=_both(tool, "missing"),
        answers=tuple(parse_template(text) for text in library().lines["generic_answers"]),
        nouns=nouns,
        noun=spaced(tool.name).split()[-1].removesuffix("s"),
        alone={p.name: '"{x}"' for p in tool.parameters if _is_quoted(p)},
    )


def _both(tool: Tool, kind: str) -> Split:
    return Split(tuple(_frames(tool, kind, "train")), tuple(_frames(tool, kind, "held_out")))


def _frames(tool: Tool, kind: str, part: Part) -> list[Frame]:
    required = [parameter for parameter in tool.parameters if parameter.required]
    match kind:
        case "requests":
            texts = _sentences(part, [request(tool)])
        case "several":
            varied = [p for p in required if p.type in ("string", "integer", "number")]
            texts = _sentences(part, [request(tool, varied=p.name) for p in varied])
        case "missing":
            texts = _sentences(part, [request(tool, without=p.name) for p in required])
        case _:
            # One wording for both parts, so it is no family: the joiners around it are split.
            return [Frame("", parse_template(request(tool)))]
    family = f"{tool.name}.{kind}" + (".held_out" if part == "held_out" else "")
    return [Frame(f"{family}.{i}", parse_template(text)) for i, text in enumerate(texts)]


def _sentences(part: Part, requests: Sequence[str]) -> list[str]:
    frames = library().texts["generic_requests"][part]
    return [frame.replace("{do}", do) for do in requests for frame in frames]


def request(tool: Tool, without: str = "", varied: str = "") -> str:
    """A template that asks for the tool, as what may follow "can you".

    Args:
        tool: the tool.
        without: a parameter that is not mentioned.
        varied: a parameter for which several values are named.
    """
    text = _plain(command(tool))
    rest: list[ToolParameter] = []
    for parameter in tool.parameters:
        placed = _place(text, parameter, parameter.name == varied) if parameter.required else None
        if parameter.name == without:
            text = text if placed is None else _without_place(text, parameter)
        elif placed is not None:
            text = placed
        else:
            rest.append(parameter)
    return text + _details(rest, varied)


def _place(text: str, parameter: ToolParameter, many: bool) -> str | None:
    """The command with the parameter where it speaks of it, or None where that cannot be told."""
    noun, name = spaced(parameter.name), parameter.name
    gap = f"{{{name}{'+' if many else ''}}}"
    if parameter.type in ("integer", "number") and re.match(rf"(?:set|change|update) .*{re.escape(noun)}$", text):
        return f"{text} to {gap}"
    if parameter.type != "string" or parameter.enum:
        return None
    if noun.endswith(" id"):
        return _replaced(rf"\b(?:an?|the) (?P<thing>{re.escape(noun[:-3])})\b", rf"\g<thing> {gap}", text)
    if _is_quoted(parameter):
        return _replaced(rf"^(?P<verb>\w+) {_ARTICLES}{re.escape(noun)}\b", rf'\g<verb> "{gap}"', text)
    return _replaced(rf"{_PREPOSITION}{re.escape(noun)}\b(?! \w+ing)", rf"\g<before>{gap}", text)


def _replaced(pattern: str, replacement: str, text: str) -> str | None:
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.IGNORECASE)
    return changed if count else None


def _without_place(text: str, parameter: ToolParameter) -> str:
    """The command without the phrase that speaks of the parameter: "in a city" goes, an object stays."""
    return _replaced(rf" {_PREPOSITION}{re.escape(spaced(parameter.name))}\b", "", text) or text


def _details(parameters: Sequence[ToolParameter], varied: str) -> str:
    """ " with title X and limit 5", the optional ones in brackets."""
    required = [_mention(p, varied) for p in parameters if p.required]
    optional = [_mention(p, varied) for p in parameters if not p.required]
    if not required:
        return "".join(f"[ ({mention})]" for mention in optional)
    text = " with " + " and ".join(filter(None, [", ".join(required[:-1]), required[-1]]))
    return text + "".join(f"[, {mention}]" for mention in optional)


def _mention(parameter: ToolParameter, varied: str) -> str:
    noun, name = spaced(parameter.name), parameter.name
    if name == varied:
        return f"{noun} {{{name}+}} (one each)"
    if parameter.type == "boolean":
        says_itself = noun.split()[0] in _COMMANDS and parameter.default is not True and not parameter.required
        return f"{noun}{{{name}=true}}" if says_itself else f"{noun} set to {{{name}}}"
    return f'{noun} "{{{name}}}"' if _is_quoted(parameter) else f"{noun} {{{name}}}"


def _is_quoted(parameter: ToolParameter) -> bool:
    last = spaced(parameter.name).split()[-1:]
    return parameter.type == "string" and not parameter.enum and bool(last) and last[0] in _QUOTED


def _plain(text: str) -> str:
    return re.sub(r"[{}\[\]<>|]", "", text)


def command(tool: Tool) -> str:
    """What a tool does, as a command without its details: "search the catalogue"."""
    sentence = re.split(r"(?<=[a-z)])[.;:](?:\s|$)|\n", tool.description.strip(), maxsplit=1)[0].strip(" .!")
    words = _DETAIL.sub("", re.sub(r"\s*\([^)]*\)", "", sentence)).split()
    if not words or words[0].lower() in _NO_VERB or len(words) > 18 or tool.name in words:
        return _from_name(tool.name)
    return " ".join([_imperative(words[0]), *words[1:]])


def _from_name(name: str) -> str:
    verb, *rest = spaced(name).split() or ["help"]
    if not rest:
        return f"use {verb}"
    return f"{verb} the {' '.join(rest)}"


def _imperative(word: str) -> str:
    """ "Returns" -> "return"."""
    verb = word.lower() if not word.isupper() else word
    if re.fullmatch(r"returns?|retrieves?|fetch(?:es)?", verb):
        return "get"
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if re.search(r"(?:ch|sh|ss|x|zz)es$", verb):
        return verb[:-2]
    if verb.endswith("s") and not verb.endswith(("ss", "us")):
        return verb[:-1]
    return verb
