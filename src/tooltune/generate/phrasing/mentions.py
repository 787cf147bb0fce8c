"""How the arguments of a tool are mentioned: in their place in the command, or attached to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tooltune.generate.names import CODE_WORDS, with_capitals, words
from tooltune.generate.phrasing.actions import Action, head, kinds_of, noun_of
from tooltune.generate.phrasing.sayable import is_writable
from tooltune.generate.phrasing.spoken import selects
from tooltune.generate.phrasing.wording import Pair, Wording, by_suffix, wording
from tooltune.generate.slots import listed_values, main_option, name_of, text_kind, type_of
from tooltune.generate.surfaces import is_change, spaced
from tooltune.types import Tool, ToolParameter

_LAST_PREPOSITIONS = frozenset(
    {"in", "at", "on", "by", "after", "before", "from", "to", "for", "until", "since", "within"}
)
_SHORT = frozenset({"max", "min", "num", "repo", "org", "lang", "msg", "env", "config", "qty", "dir", "desc"})
"""Words of a name that are written out wherever they stand in it."""
_MOVING = {"add": "to", "invite": "to", "assign": "to", "remove": "from"}
_GROUPS = frozenset({"team", "group", "list", "project", "folder", "playlist", "channel"})
_OTHERS = tuple((word,) for word in ("from", "base", "source", "target", "parent"))
_OPPOSITES = {"from": "to", "min": "max", "start": "end", "origin": "destination", "source": "target"}
_ORDINALS = {"a": "first", "b": "second", "1": "first", "2": "second"}
_CHOICES = ("format", "language", "currency", "unit", "timezone", "status", "state", "stage", "category")
_OF_FORMAT = {
    "duration": ("timedelta", "duration", "time span"), "date": ("date",), "date-time": ("datetime", "date", "time"),
}  # fmt: skip
"""What a value of a format is called in a command."""
_FIGURES = frozenset({"data", "values", "numbers", "nums", "sample", "samples", "scores", "readings", "figures"})
_NAMED_BY = frozenset({"id", "number", "slug", "name"})
_IN_UNIT = re.compile(
    r"\b(?:in|number of) (seconds|minutes|hours|days|weeks|months|years|km|kilometers|kg|kilograms|miles|meters|metres|"
    r"milliseconds|ms|pixels|percent|percentage|bytes|mb|usd|dollars|eur|euros|celsius|cm)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mention:
    """One thing to be said: a parameter, or two that belong together."""

    names: tuple[str, ...]
    gap: str
    noun: str
    attach: tuple[str, ...]
    """Texts that may follow the command."""
    required: bool
    style: str = "named"
    """How it takes the place of its noun: itself, path, code, named, quoted, or "" for never."""
    stands_for: tuple[str, ...] = ()
    apart: bool = False
    is_list: bool = False

    def many(self) -> str:
        """The gap for several values."""
        return self.gap.replace("}", "+}")


def mentions(tool: Tool, action: Action) -> list[Mention]:
    """What there is to say for a tool, in the order of its parameters.

    Optional parameters that no value is known for are left out.
    """
    parameters = {p.name: _plainer(p) for p in _leaves(tool)}
    found: list[Mention] = []
    paired: set[str] = set()
    for name, parameter in parameters.items():
        if name in paired:
            continue
        pair = _pair(name, parameters)
        if pair is not None:
            paired.update(pair.names)
            found.append(pair)
        else:
            found.append(_mention(tool, parameter, action))
    return found


def _plainer(parameter: ToolParameter) -> ToolParameter:
    """The same with the one of its types that is spoken of."""
    return ToolParameter.from_schema(parameter.name, main_option(parameter.to_schema()), parameter.required)


def _leaves(tool: Tool) -> Iterator[ToolParameter]:
    """The parameters; required objects in parts ("address.city")."""
    for parameter in tool.parameters:
        if parameter.required and parameter.type == "object" and _is_flat(parameter):
            yield from _parts(parameter)
        elif parameter.required or parameter.type != "object" or parameter.properties:
            yield parameter


def _is_flat(parameter: ToolParameter) -> bool:
    """Whether the parts of an object can be said one by one."""
    properties = parameter.properties or {}
    plain = all(is_writable(key) and "." not in key for key in (parameter.name, *properties))
    return bool(properties) and plain and all(isinstance(part, Mapping) for part in properties.values())


def _parts(parameter: ToolParameter) -> Iterator[ToolParameter]:
    properties = parameter.properties or {}
    required = list(parameter.extra.get("required", ())) or list(properties)[:1]
    for key, part in properties.items():
        yield ToolParameter.from_schema(f"{parameter.name}.{key}", part, key in required)


def _pair(name: str, parameters: Mapping[str, ToolParameter]) -> Mention | None:
    for pair in (*wording().pairs, *_made_pairs(name, parameters)):
        if name not in pair.names or not all(n in parameters for n in pair.names):
            continue
        both = [parameters[n] for n in pair.names]
        if both[0].required != both[1].required or any(p.type not in ("string", "integer", "number") for p in both):
            continue
        gap = pair.text.format(*(f"{{{n}}}" for n in pair.names))
        text = pair.attach.replace("{x}", gap)
        return Mention(pair.names, gap, pair.noun, (text,), both[0].required, "pair", pair.stands_for)
    return None


def _made_pairs(name: str, parameters: Mapping[str, ToolParameter]) -> Iterator[Pair]:
    """`from_zip` and `to_zip` are one thing to say, and so are `product_a` and `product_b`."""
    start, _, rest = name.partition("_")
    if (
        rest
        and words(rest)[-1:]
        and words(rest)[-1] not in wording().marks
        and start in _OPPOSITES
        and f"{_OPPOSITES[start]}_{rest}" in parameters
    ):
        text = "between {0} and {1}" if start == "min" else "from {0} to {1}"
        attach = f"with a {spaced(rest)} {{x}}" if start == "min" else "{x}"
        yield Pair((name, f"{_OPPOSITES[start]}_{rest}"), text, attach, f"{start} and end".replace("min and end", rest))
    stem, mark = name[:-1].rstrip("_"), name[-1:]
    other = name[:-1] + {"a": "b", "1": "2"}.get(mark, "?")
    if len(stem) > 2 and other in parameters:
        noun = spaced(stem).lower()
        yield Pair((name, other), "{0} and {1}", f"for the {plural(noun)} {{x}}", plural(noun), (plural(noun), noun))


def plural(noun: str) -> str:
    """ "entity" -> "entities"."""
    if noun == "person":
        return "people"
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def _mention(tool: Tool, parameter: ToolParameter, action: Action) -> Mention:
    noun, name = noun_for(parameter), parameter.name
    about = noun_of(tool)
    kind = type_of(parameter.to_schema())
    style = _style(parameter, kind, about)
    gap = f'"{{{name}}}"' if style == "quoted" and kind == "string" else f"{{{name}}}"
    if kind == "boolean":
        return Mention((name,), gap, noun, (gap,), parameter.required, "", (), True)
    texts, apart = _attached(tool, parameter, kind, style, noun, action, about)
    if kind == "string" and style not in ("path", "quoted", "code") and _is_made(parameter, action):
        texts, apart = ("called {x}", "named {x}"), False
    if parameter.format == "date-time":
        texts = [re.sub(r"^at \{x\}", "on {x}", text) for text in texts]
    unit = _unit(parameter) if kind in ("integer", "number") else ""
    if kind == "array" and _changes_texts(parameter):
        texts, apart = ("replacing {x}",), True
    elif kind == "array" and action.is_a("make") and head(action.object)[0] in _stands_for(parameter, style):
        texts, apart = ("namely {x}",), True
    stands_for = _stands_for(parameter, style)
    if unit and unit != "$" and (not style or f"number of {unit}" in action.object):
        style, stands_for = "count", (f"number of {unit}", unit)
    whose = name_of(parameter.description) if name == "name" and not action.is_a("make") else ""
    if whose and not _is_named_otherwise(tool, whose):
        stands_for = (whose, *stands_for)
    elif name == "name" and not action.is_a("make") and not _is_named_otherwise(tool, head(action.object)[0]):
        stands_for = (*stands_for, head(action.object)[0])
    said = tuple(_with_unit(text, gap, unit, noun) for text in texts)
    return Mention((name,), gap, noun, said, parameter.required, style, stands_for, apart, kind == "array")


def _is_named_otherwise(tool: Tool, thing: str) -> bool:
    """Whether another parameter says which one is meant: the repository of `repository_id`, with a `name` beside it."""
    return any(words(p.name)[:-1] == (thing,) and words(p.name)[-1] in _NAMED_BY for p in tool.parameters)


def _is_made(parameter: ToolParameter, action: Action) -> bool:
    """Whether the parameter names what the tool makes: `branch` of "create a new branch"."""
    made = head(action.object)[0]
    if not parameter.required or words(parameter.name)[:1] in _OTHERS:
        return False
    return action.is_a("make") and bool(made) and made in _stands_for(parameter, "named") and "id" not in made


def _with_unit(text: str, gap: str, unit: str, noun: str) -> str:
    found = re.search(r" ?\{unit:(\w*)\}", text)
    if found:
        unit = found[1] if unit == "" else unit
        text = text.replace(found[0], "")
    elif not text.endswith("{x}"):
        unit = ""
    with_unit = f"${gap}" if unit == "$" else f"{gap} {unit}" if unit else gap
    article = "an" if noun[:1].lower() in "aeiou" and not noun.startswith(("use", "uni")) else "a"
    return text.replace("{x}", with_unit).replace("a {noun}", f"{article} {noun}").replace("{noun}", noun)


def _unit(parameter: ToolParameter) -> str:
    last = words(parameter.name)[-1:]
    if last and last[0] in wording().units:
        return wording().units[last[0]]
    found = _IN_UNIT.search(parameter.description)
    return wording().units[found[1].lower()] if found else ""


def is_figures(parameter: ToolParameter) -> bool:
    """Whether it is a list of numbers of which something is worked out."""
    items = parameter.items if parameter.type == "array" and isinstance(parameter.items, Mapping) else {}
    return items.get("type") in ("integer", "number") and {*words(parameter.name)[-1:]} <= _FIGURES


def _style(parameter: ToolParameter, kind: str, about: str) -> str:
    """How the parameter takes the place of its noun in the command."""
    last = words(parameter.name)[-1:]
    is_code = bool(last) and last[0] in CODE_WORDS
    if kind in ("integer", "number"):
        stands = by_suffix(parameter.name, wording().stands_for) is not None
        return "code" if is_code and len(words(parameter.name)) > 1 else "itself" if stands else ""
    if kind not in ("string", "array") or is_figures(parameter):
        return "itself" if is_figures(parameter) else ""  # "the mean of 1, 2 and 6"
    if parameter.format in _OF_FORMAT and parameter.required:
        return "itself"
    if parameter.enum or listed_values(parameter.description):
        return "choice" if last and last[0] in _CHOICES else ""
    items = parameter.items if isinstance(parameter.items, Mapping) else {}
    if kind == "array" and (items.get("enum") or items.get("type", "string") not in ("string", "object")):
        return ""
    if items.get("type") == "object":
        return "itself"
    found = text_kind(parameter.name, parameter.description, about)
    if found in wording().kinds["quoted"]:
        return "quoted"
    if found in ("room", "device", "light"):
        return "the"
    if found in wording().kinds["things"] and not is_code:
        return "thing"
    return (
        "path"
        if found in wording().kinds["paths"]
        else "itself"
        if found in wording().kinds["places"]
        else "code"
        if is_code
        else "named"
    )


def _attached(
    tool: Tool, parameter: ToolParameter, kind: str, style: str, noun: str, action: Action, about: str
) -> tuple[Sequence[str], bool]:
    """Texts that may follow the command, and whether they stand behind a comma."""
    is_number = kind in ("integer", "number")
    choice = parameter.enum or listed_values(parameter.description)
    values = ("number",) if is_number else ("enum",) if choice else ("list",) if kind == "array" else ("text",)
    verbs = [name for name in ("look", "find", "make") if action.is_a(name)]
    fits = {*values, *verbs, *kinds_of(action, about)} | (set() if is_number else {""})
    if is_figures(parameter) and not action.is_a("make"):
        return ("of {x}",), False
    if choice and selects(parameter.name, action):
        return ("{x}",), True
    last = words(parameter.name)[-1:]
    rule = wording().attachment(parameter.name, fits) if "." not in parameter.name and kind != "object" else None
    if rule is not None and rule.texts[0].startswith("called ") and _names_another(tool, parameter):
        rule = None
    is_text_of_percent = rule is not None and not is_number and "{x} percent" in rule.texts[0]
    if is_text_of_percent or (kind == "array" and style == "itself" and _holds_objects(parameter)):
        rule = None
    if rule is None and len(words(parameter.name)) > 1 and last[0] in _LAST_PREPOSITIONS:
        is_day = last[0] == "in" and parameter.format == "date"  # `check_in`
        return (f"{'on' if is_day else last[0]} {{x}}",), False
    if style == "path" and last[0] in ("path", "root"):
        folder = text_kind(parameter.name, parameter.description, about) in ("folder_path", "repository_path")
        return ("in {x}" if folder and not (action.is_a("make") and parameter.name == "path") else "at {x}",), False
    if rule is not None and rule.texts[0] == 'for "{x}"' and action.object.startswith("for "):
        return ("matching {x}" if style == "quoted" else 'matching "{x}"',), False  # "search for files for ..."
    if rule is not None and not (style == "named" and '"' in rule.texts[0]):
        texts = [re.sub(r'"\{x\}"', "{x}", text) if style == "quoted" else text for text in rule.texts]
        return texts, rule.apart
    if is_number and style != "code":
        return (_counted(noun, parameter),), False
    return (_plainly(parameter, kind, noun, action),), False


def _names_another(tool: Tool, parameter: ToolParameter) -> bool:
    """Whether a name is not that of what is made: `environment_name` of a policy that has a `name` too."""
    return len(words(parameter.name)) > 1 and tool.parameter("name") is not None


def _plainly(parameter: ToolParameter, kind: str, noun: str, action: Action) -> str:
    """What follows the command where no name has a way of its own."""
    last = words(parameter.name)[-1:]
    if kind == "object" and {"latitude", "lat"} & set(parameter.properties or ()):
        return "around {x}"
    if kind == "object":
        return f"with {'these' if _is_plural(noun) else 'this'} {{noun}}: {{x}}"
    is_whole = noun.rpartition(" ")[2] == head(action.object)[0]
    if action.verb in ("set", "change", "switch") and is_whole:
        return "to {x}"  # "set the status of a task to done"
    whose = noun if last == ("slug",) and len(words(parameter.name)) > 1 else _whose(noun)
    whose = "" if whose in wording().own_kind else whose
    is_of_another = last == ("name",) and whose and whose.rpartition(" ")[2] not in action.object
    if is_of_another or (len(last) and last[0] in _NAMED_BY and whose and _is_looked_at(action, last[0], whose)):
        return f"for the {whose} {{x}}"
    if action.verb in _MOVING and noun.rpartition(" ")[2] in _GROUPS:
        return f"{_MOVING[action.verb]} the {{noun}} {{x}}"
    kind_of_text = text_kind(parameter.name, parameter.description, "")
    is_thing = noun.endswith(" name") and "name" not in str(kind_of_text) and kind_of_text != "person"
    return f"with the {_whose(noun)} {{x}}" if is_thing else "with the {noun} {x}"


def _is_plural(noun: str) -> bool:
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def _whose(noun: str) -> str:
    """ "gist" of "gist ID"; "" where nothing stands before."""
    return noun.rpartition(" ")[0]


def _is_looked_at(action: Action, last: str, whose: str) -> bool:
    """Whether a tool leaves what a parameter names as it is: nothing is made or renamed with it."""
    if last == "id" and action.object.startswith(f"a {whose} "):
        return True  # the gist of "a gist comment"
    makes = action.is_a("make") and action.verb != "add"
    return not makes and (last != "name" or action.is_a("look") or action.verb in ("delete", "remove"))


def _holds_objects(parameter: ToolParameter) -> bool:
    return isinstance(parameter.items, Mapping) and parameter.items.get("type") == "object"


def _counted(noun: str, parameter: ToolParameter) -> str:
    """ "with a length of 3", "with 3 grams", "with a maximum of 3 words"."""
    limit, _, thing = noun.partition(" ")
    if limit in ("maximum", "minimum") and thing.endswith("s"):
        return f"with a {limit} of {{x}} {thing}"
    if noun in ("ID", "id", "code", "key"):  # no amount
        return "with the {noun} {x}"
    if noun.startswith("number of ") and _unit(parameter):
        return "with {x}"
    counted = noun.removeprefix("number of ")
    if counted != noun and not _unit(parameter):
        return f"with {{x}} {counted}"
    return "with a {noun} of {x}"


def _changes_texts(parameter: ToolParameter) -> bool:
    items = parameter.items if isinstance(parameter.items, Mapping) else {}
    return len(items.get("properties", ())) == 2 and is_change(*items["properties"])


def _stands_for(parameter: ToolParameter, style: str) -> tuple[str, ...]:
    """The nouns of the command that the parameter is."""
    known = by_suffix(parameter.name, wording().stands_for)
    own = [word for word in words(parameter.name) if word not in CODE_WORDS or style == ""]
    whole = " ".join(words(parameter.name)[:-1]) if style == "code" else ""  # "gpg key" of `gpg_key_id`
    while len(own) > 1 and own[-1] in ("name", "names", "slug", "title", "ids"):
        own = own[:-1]
    phrases = [" ".join(own[i:]) for i in range(len(own))] if own and own[-1] not in ("name", "type") else []
    if own and own[-1] in _SHORT:
        phrases = [*phrases, wording().nouns[own[-1]]]  # "repository" of `repo_name`
    known = (*(known or ()), *(_OF_FORMAT.get(parameter.format or "", ()) if parameter.required else ()))
    phrases = [whole, *phrases] if " " in whole or whole == "key" else phrases
    bare = [f"numeric {phrase}" for phrase in phrases if style == "itself" and phrase in _FIGURES]
    return tuple(dict.fromkeys((*known, *phrases, *(plural(p) for p in phrases), *bare)))


def noun_for(parameter: ToolParameter) -> str:
    """A parameter's name in plain words, without its unit: "repository" for `repo`."""
    table: Wording = wording()
    plain = spaced(parameter.name.rpartition(".")[2]).lower()
    plain = re.sub(r"^e mail", "email", plain).removeprefix("selected ")
    if plain in table.nouns:
        return table.nouns[plain]
    own = with_capitals(plain).split() or ["value"]
    if len(own) > 1 and own[-1] in wording().units:
        own = own[:-1]
    if len(own) > 1 and own[-1] == "slug":
        own = own[:-1]
    if len(own) > 1 and own[-1] in _ORDINALS:
        return f"{_ORDINALS[own[-1]]} {' '.join(own[:-1])}"
    if len(own) > 1 and own[-1] in _LAST_PREPOSITIONS:
        return "time" if parameter.format in ("duration", "date-time", "date", "time") else " ".join(own[:-1])
    if parameter.type in ("integer", "number") and len(own) == 1 and own[0].endswith("s") and not own[0].endswith("ss"):
        return f"number of {own[0]}"
    short = {word: table.nouns[word] for word in own if word in _SHORT}
    said = [*(short.get(word, word) for word in own[:-1]), table.nouns.get(own[-1], own[-1])]
    return " ".join(dict.fromkeys(said))  # a `commit_sha` is one commit
