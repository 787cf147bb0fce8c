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

_DETAIL = re.compile(
    r",? (?:by|using|based on|given|according to|via|with (?:the|a) (?:given|specified))\b.*"
)
_PREPOSITION = (
    r"(?P<before>\b(?:in|for|to|of|from|at|about|into|on|by|with) )(?:(?:an?|the|given|specified|some|one) )*"
)
_QUOTED = {"text", "message", "body", "content", "title", "query", "note", "notes", "description",
           "comment", "subject", "name", "task", "question", "phrase", "prompt", "summary"}  # fmt: skip
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
        retry=next((p.name for p in tool.parameters if p.required and p.type == "string"), None),
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
            # The joined clauses themselves tell the parts apart: their joiners are split.
            texts = [request(tool)]
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
        gap = f"{{{parameter.name}{'+' if parameter.name == varied else ''}}}"
        place = _place(parameter)
        if parameter.name == without:
            text = re.sub(" " + place, "", text, count=1, flags=re.IGNORECASE) if place else text
        elif place and parameter.required and re.search(place, text, re.IGNORECASE):
            text = re.sub(place, rf"\g<before>{gap}", text, count=1, flags=re.IGNORECASE)
        else:
            rest.append(parameter)
    return text + _details(rest, varied)


def _place(parameter: ToolParameter) -> str:
    """Where a description speaks of a parameter; empty where that cannot be told."""
    if parameter.type != "string" or parameter.enum:
        return ""
    noun = re.escape(spaced(parameter.name))
    return rf"{_PREPOSITION}{noun}\b(?! \w+ing)"


def _details(parameters: Sequence[ToolParameter], varied: str) -> str:
    """ " with title X and limit 5", the optional ones in brackets."""
    required = [_mention(p, varied) for p in parameters if p.required]
    optional = [_mention(p, varied) for p in parameters if not p.required]
    text = " with " + " and ".join(filter(None, [", ".join(required[:-1]), required[-1]])) if required else ""
    if required:
        return text + "".join(f"[, {mention}]" for mention in optional)
    return "".join(f"[ ({mention})]" for mention in optional)


def _mention(parameter: ToolParameter, varied: str) -> str:
    noun, name = spaced(parameter.name), parameter.name
    if name == varied:
        return f"each of the {noun} values {{{name}+}}"
    if parameter.type == "boolean":
        return f"{noun} set to {{{name}}}"
    quoted = parameter.type == "string" and not parameter.enum and noun.split()[-1] in _QUOTED
    return f'{noun} "{{{name}}}"' if quoted else f"{noun} {{{name}}}"


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
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if re.search(r"(?:ch|sh|ss|x|zz)es$", verb):
        return verb[:-2]
    if verb.endswith("s") and not verb.endswith(("ss", "us")):
        return verb[:-1]
    return verb
