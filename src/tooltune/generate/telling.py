"""How the assistant tells a result of the simulated world: what was done, or what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tooltune.generate.deeds import Deed, deed_of, key_of, named_by, participle, singular, things
from tooltune.generate.names import is_place, kind_of, with_capitals, words
from tooltune.generate.phrasing.actions import action_of, head, particle
from tooltune.generate.phrasing.mentions import plural
from tooltune.generate.phrasing.wording import by_suffix, wording
from tooltune.generate.surfaces import join, spaced
from tooltune.generate.templates import fill, parse_template
from tooltune.types import Tool, ToolCall
from tooltune.verify.lexicon import MONTHS

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
_LABELS = {"id": "ID", "ids": "ID", "no": "number", "uid": "ID"}
_NAMING = ("name", "title", "text", "message", "subject", "version")
_WRITTEN = frozenset({"title", "text", "message", "subject"})
_OF_WHAT = re.compile(r" for [A-Za-z]")
_MARKED = re.compile(r" as (?!an? )\w+$")
_LONGEST = 40
_MOST_FACTS = 4


def told(
    tool: Tool,
    call: ToolCall,
    result: Mapping[str, Any],
    says: Mapping[str, str],
    rng: Random,
    others: Sequence[ToolCall] = (),
) -> str:
    """The sentence that tells a result without an error.

    Args:
        tool: the tool that was called.
        call: the call.
        result: what came out.
        says: how arguments were said, by name.
        rng: picks among the wordings.
        others: the calls that are told beside this one; it must tell itself which call it is about.
    """
    deed = deed_of(tool)
    about = _about_among(deed, tool, call, says, others)
    if deed.kind == "find" and (found := next((v for v in result.values() if isinstance(v, list)), None)) is not None:
        return _found(deed, found, about if others else "", rng)
    if deed.kind == "ask":
        answer = "yes" if result.get("result") is True else "no"
        return _line(f"{answer}_about", {"about": about}, rng) if others and about else _line(answer, {}, rng)
    if deed.kind == "write":
        return _line("written", {"text": str(result.get("text", ""))}, rng)
    if deed.verb == "read" and isinstance(result.get("files"), list):
        return _line("several", {"facts": join([_file(file) for file in result["files"]])}, rng)
    if deed.kind in ("show", "compute"):
        return _shown(deed, call, result, about, rng)
    if deed.kind == "make":
        return _made(deed, call, result, rng)
    reference, done = _reference(deed, tool, call), _done(deed, tool)
    if not _goes_with_verb(deed, tool):
        reference = ""
    if others and about and not (reference and deed.thing and key_of(tool, deed.thing)):
        return _line("done_about", {"about": about}, rng)
    as_what = _MARKED.search(action_of(tool).object) if deed.verb == "mark" else None  # "mark it as read"
    reference += as_what[0] if reference and as_what else ""
    if reference:
        return _line("acted", {"done": done, "ref": reference}, rng)
    return _line("done", {}, Random(0) if others else rng)  # the same for all, so that it is said once


def _file(file: Mapping[str, Any]) -> str:
    return f"{file['path']} ({', '.join(fact(name, value) for name, value in file.items() if name != 'path')})"


def _goes_with_verb(deed: Deed, tool: Tool) -> bool:
    """Whether verb and noun come from one place: a verb of the description may go with another noun than the name's.

    "Set the artifact and log retention" sets no artifact.
    """
    if re.search(rf"\b{re.escape(deed.thing)}s? (?:and|or) ", action_of(tool).object):
        return False
    if _OF_WHAT.search(action_of(tool).object) and deed.verb in ("enable", "disable"):
        return False  # "enable repository 5 for immutable releases"
    if deed.verb != action_of(tool).verb in ("add", "remove"):
        return False  # whose seat is cancelled, is removed and not cancelled
    if deed.verb in spaced(tool.name).lower().split():
        # "Remove users from the bypass list" removes no bypass.
        return deed.verb != "remove" or singular(head(action_of(tool).object)[0]) == deed.thing.rpartition(" ")[2]
    return deed.kind != "do" and singular(head(action_of(tool).object)[0]) == deed.thing.rpartition(" ")[2]


def _done(deed: Deed, tool: Tool) -> str:
    """ "created", or of a verb of two words "switched on"."""
    action = action_of(tool)
    more = particle(action) if action.verb == deed.verb else ""
    done = participle(deed.verb)
    return f"{done} {more}" if more and not done.endswith(more) else done


def _line(kind: str, gaps: Mapping[str, str], rng: Random) -> str:
    text = fill(parse_template(rng.choice(things()["answers"][kind])).select(rng, 0.5), gaps)
    return text[:1].upper() + text[1:]


def _made(deed: Deed, call: ToolCall, result: Mapping[str, Any], rng: Random) -> str:
    field, value = next(iter(result.items()))
    thing, done = with_capitals(deed.thing or "entry"), participle(deed.verb)
    if field in call.arguments:
        return _line("named", {"done": done, "ref": f"the {thing} {said(value)}"}, rng)
    return _line("make", {"done": done, "thing": thing, "label": _label(field), "id": said(value)}, rng)


def _label(field: str) -> str:
    """What an identifier is called: "ID" for order_id, "number" for issue_number."""
    last = words(field)[-1:]
    return _LABELS.get(last[0], last[0]) if last and named_by(field) is not None else spaced(field)


def _reference(deed: Deed, tool: Tool, call: ToolCall) -> str:
    """ "the issue 57", or "the light"; "" where nothing tells what it was."""
    if not deed.thing:
        return ""
    key = key_of(tool, deed.thing)
    value = call.arguments.get(key.name) if key else None
    if value is None or len(str(value)) > _LONGEST:
        return f"the {plural(deed.thing) if deed.many else deed.thing}"
    if key is not None and named_by(key.name) is None:
        return str(value) if deed.kind == "change" else f"the {deed.thing}"
    return f"the {with_capitals(deed.thing)} {said(value)}"


def _shown(deed: Deed, call: ToolCall, result: Mapping[str, Any], about: str, rng: Random) -> str:
    known = {name for name in call.arguments if deed.kind != "compute"}
    news = {name: value for name, value in result.items() if name not in known and value not in ("", [], {})}
    kind = "one" if len(news) == 1 and _is_told_alone(*next(iter(news.items()))) else "several"
    if kind == "one":
        name, value = next(iter(news.items()))
        gaps = {"label": spaced(name), "value": said(value)}
    else:
        gaps = {"facts": join([fact(name, value) for name, value in list(news.items())[:_MOST_FACTS]])}
    if not news:
        return _line("done", {}, rng)
    return _line(f"{kind}_about", gaps | {"about": about}, rng) if about else _line(kind, gaps, rng)


def _is_told_alone(name: str, value: Any) -> bool:
    """Whether "the price is 3" can be said; not so a date of something, and a number of something."""
    return not name.endswith(("_on", "_at")) and not (isinstance(value, int) and name.endswith("s"))


def _about_among(deed: Deed, tool: Tool, call: ToolCall, says: Mapping[str, str], others: Sequence[ToolCall]) -> str:
    """What the answer is for, in words that fit none of the other answers: "the team qa in pixelbarn"."""
    about = _about(deed, tool, call, says)
    alike = [other for other in others if other.name == call.name]
    if not alike:
        return about
    told = [_about(deed, tool, c, {name: str(value) for name, value in c.arguments.items()}) for c in (call, *alike)]
    if told[0] not in told[1:]:
        return about
    differs = (
        (is_place(p.name), f"the {named_by(p.name)} {value}" if named_by(p.name) else value)
        for p, value in ((p, call.arguments.get(p.name)) for p in tool.parameters if not p.enum)
        if isinstance(value, str) and _names(value) and any(other.arguments.get(p.name) != value for other in alike)
    )
    is_where, which = next(((where, text) for where, text in differs if text != about), (False, ""))
    both = f"{about} in {which}" if is_where else f"{which} in {about}"
    return both if which and about else about


def _about(deed: Deed, tool: Tool, call: ToolCall, says: Mapping[str, str]) -> str:
    """What the answer is for: the thing by its id, else the first short text among the arguments."""
    key = key_of(tool, deed.thing) if deed.thing else None
    if key is not None and key.name in call.arguments:
        # The name beside a search is that of what is searched, and of nothing that is found.
        named = named_by(key.name)
        plain = not named if deed.kind == "find" else named is None and deed.kind in ("show", "compute")
        return says.get(key.name, "") if plain else _reference(deed, tool, call)
    if identified := _identified(tool, call):
        return identified
    texts = [name for name, value in call.arguments.items() if isinstance(value, str) and _names(value)]
    texts.sort(key=lambda name: kind_of(name) != "login")  # of a person in an organization, the person
    parameter = tool.parameter(texts[0]) if texts else None
    if parameter is None or parameter.enum:
        return ""
    pair = next((pair for pair in wording().pairs if set(pair.names) <= set(texts)), None)
    if pair is not None and "/" in pair.text:
        return pair.text.format(*(call.arguments[name] for name in pair.names))
    return says.get(texts[0], str(call.arguments[texts[0]]))


def _identified(tool: Tool, call: ToolCall) -> str:
    """ "the migration 5", of the last argument that identifies something by a number or code; may be ""."""
    for name in reversed(list(call.arguments)):
        named, parameter = named_by(name), tool.parameter(name)
        if parameter is None or not parameter.required or len(str(call.arguments[name])) > _LONGEST:
            continue
        if named and words(name)[-1] in ("id", "number") and parameter.type in ("string", "integer"):
            nouns = by_suffix(name, wording().stands_for) or ("number",)
            noun = nouns[0] if nouns[0] != "number" else with_capitals(named)
            return f"the {noun} {said(call.arguments[name])}"
        if kind_of(name) == "sha" and isinstance(call.arguments[name], str):
            return f"the commit {call.arguments[name]}"
    return ""


def _names(value: str) -> bool:
    """Whether a text can say what an answer is about; a date alone does not."""
    return len(value) <= _LONGEST and not _DATE.match(value)


def _found(deed: Deed, found: Sequence[Mapping[str, Any]], about: str, rng: Random) -> str:
    records = join([described(record) for record in found[:_MOST_FACTS]])
    thing = deed.thing or "result"
    count = _COUNTS[len(found)] if len(found) < len(_COUNTS) else "several"
    if about:
        counted = f"{count} {with_capitals(thing if len(found) == 1 else plural(thing))}"
        return _line("found_about", {"count": counted, "facts": records, "about": about}, rng)
    if len(found) == 1:
        return _line("found_one", {"thing": with_capitals(thing), "facts": records}, rng)
    return _line("found", {"count": count, "things": with_capitals(plural(thing)), "facts": records}, rng)


def described(record: Mapping[str, Any]) -> str:
    """A record in a few words: what it is called, and in brackets what else is known."""
    named = next((name for name in _NAMING if name in record), next(iter(record)))
    if not isinstance(record[named], str) and named_by(named) is None:
        return join([fact(name, value) for name, value in list(record.items())[:_MOST_FACTS]])
    rest = [fact(name, value) for name, value in record.items() if name != named][: _MOST_FACTS - 1]
    own = _written(named, record[named])
    return f"{own} ({', '.join(rest)})" if rest else own


def fact(name: str, value: Any) -> str:
    """ "price 12", "3 changed files", "status open"."""
    label = _label(name) if named_by(name) is not None else spaced(name)
    if isinstance(value, bool):
        return label if value else f"not {label}"
    first, _, rest = label.partition(" ")
    if isinstance(value, int) and rest.endswith("s") and not rest.endswith(("ss", "us")):
        return f"{value} {singular(label) if value == 1 else label}"  # "3 open issues"
    if isinstance(value, int | float) and first.endswith("s") and not first.endswith(("ss", "us")):
        return f"{said(value)} {singular(first) if value == 1 else first} {rest}".strip()
    return f"{label} {_written(name, value)}"


def _written(name: str, value: Any) -> str:
    """A value, in quotes where it is words that somebody wrote: "Rewrite date parsing"."""
    text = said(value)
    return f'"{text}"' if name in _WRITTEN and " " in text and not text.startswith('"') else text


def said(value: Any) -> str:
    """A value as an answer says it: a date in words, a sentence in quotes."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return join([said(part) for part in value])
    if isinstance(value, Mapping):
        return ", ".join(fact(name, part) for name, part in value.items())
    text = str(value)
    if date := _DATE.fullmatch(text):
        return f"{int(date[3])} {MONTHS[int(date[2]) - 1]} {date[1]}"
    return f'"{text}"' if len(text.split()) > 3 and any(c.isalpha() for c in text) else text
