"""What a tool does, as a simulated world sees it: to which things, and which argument names the one thing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from tooltune.generate.names import CODE_WORDS, words
from tooltune.generate.phrasing.actions import Action, action_of, head
from tooltune.generate.phrasing.mentions import plural
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.surfaces import spaced
from tooltune.types import Tool, ToolParameter

_NAMING = CODE_WORDS | {"name", "slug"}
_CHANGING = ("make", "change", "remove", "do")
_SINGLE = re.compile(r"\b(?:an?|the|this|one|specific|single)\b")
_UNTELLING = frozenset({"detail", "details", "information", "info", "list", "set", "data", "content", "number"})
_AND = re.compile(r" and (\w+ \w+ .+)")
_HEADS = frozenset({"request", "requests", "address", "addresses"})
"""Nouns whose name may be shortened to the word before: `pulls` are pull requests."""
_OF = re.compile(
    r" (?:of|for|about|on|to|in|from) (?:an? |the |my |all )?(?:new |specific |single |existing |given )?(\w+)"
)


@dataclass(frozen=True)
class Deed:
    """What a tool does."""

    kind: str
    """make, change, remove, find (several), show (one), compute (a number), write (a text), ask (yes or no) or do."""
    verb: str
    thing: str
    """What it does it to, one of them, in plain words; "" where nothing tells."""
    many: bool = False
    """Whether it does it to several of them."""


@lru_cache(maxsize=1)
def things() -> Any:
    """The whole of `things.yaml`."""
    return yaml.safe_load(files(__package__).joinpath("things.yaml").read_text("utf-8"))


@lru_cache(maxsize=1)
def _verbs() -> Mapping[str, str]:
    return {verb: kind for kind, verbs in things()["verbs"].items() for verb in verbs.split()}


def deed_of(tool: Tool) -> Deed:
    """What a tool does."""
    return _deed(tool.name, tool.description)


@lru_cache(maxsize=4096)
def _deed(name: str, description: str) -> Deed:
    action = action_of(Tool(name, description))
    named = spaced(name).lower().split()
    verb = _verb_of(action, named)
    thing = _thing(named, action.object, description.lower(), verb)
    if named[-1:] == [verb] and (whole := re.match(rf"an? ({re.escape(singular(thing))} \w+)$", action.object)):
        thing = whole[1]  # `checks_get` gets a check run
    thing = things()["other_words"].get(f"{verb} {singular(thing)}", thing)
    spoken = re.sub(r"^(?:an?|the) ", "", action.object)
    thing = next((own for said, own in things()["spoken_of"].items() if spoken.startswith(said)), thing)
    told = {singular(word) for word in re.findall(r"[a-z]+", description.lower())}
    unsaid = bool(told) and singular(thing.rpartition(" ")[2]) not in told and _kind(verb) in ("change", "do", "")
    if (thing == verb or unsaid) and head(action.object)[0].isalpha():
        thing = _spoken(action.object)  # `orgs_update` updates no update
    kind = _kind(verb) or "do"
    if kind == "make" and verb in ("add", "start", "open", "launch") and thing != singular(thing):
        kind = "do"  # "add the changes" makes no thing with a number of its own
    if kind == "make" and verb == "add" and usual_fields(singular(thing)) == usual_fields("member"):
        kind = "do"  # nor does a person who is added get one
    if verb == "check" and action.object.startswith(("if ", "whether ")):
        kind = "ask"
    if kind == "find" and thing == "contents":
        kind, thing = "show", _whose_content(action.object)
    if kind == "find" and _is_one(verb, action.object, thing):
        kind = "show"
    return Deed(kind, verb, singular(thing), thing != singular(thing))


def _verb_of(action: Action, named: Sequence[str]) -> str:
    """The verb of the name or of the description, whichever is no noun in the other."""
    verb = next((word for word in named if word in wording().verbs), action.verb)
    if verb in action.object.split():
        verb = action.verb  # compress, of `gzip_file`; get, of `rate_limit_get` and `hosted_compute_get_network`
    elif action.verb in named and (verb == "compute" or named.index(action.verb) < named.index(verb)):
        verb = action.verb  # map, of `map_commit_author`
    if not _kind(verb) and action.verb in wording().verbs:
        verb = action.verb
    return verb


def _spoken(said: str) -> str:
    """The first noun of a command: "pull request" of "a pull request asynchronously"."""
    own = [word for word in said[: head(said)[1]].lower().split() if word not in wording().determiners]
    return " ".join(own[-2:] if len(own) > 1 and own[-1] in _HEADS else own[-1:])


def _whose_content(said: str) -> str:
    """ "commit" of "the contents of a commit"; files and folders have contents of their own."""
    behind = _OF.match(said, head(said)[1])
    own = singular(behind[1].lower()) if behind else ""
    return own if own not in ("file", "directory", "folder", "repository") and usual_fields(own) else "content"


def changes(tool: Tool) -> bool:
    """Whether a call leaves something behind; looking, computing and writing a text do not."""
    return deed_of(tool).kind in _CHANGING


def _kind(verb: str) -> str:
    """The kind of a verb; "" where it tells none."""
    if verb in _verbs():
        return _verbs()[verb]
    action = Action(verb, "")
    return "make" if action.is_a("make") else "find" if action.is_a("find") or action.is_a("look") else ""


def _is_one(verb: str, said: str, thing: str) -> bool:
    """ "get the details of an issue" shows one; "list issues" and "search for a flight" find several."""
    if singular(thing) in ("change", "difference", "diff"):
        return True  # however many they are, they are told as one
    if verb in ("list", "search", "query", "grep"):
        return False
    several = head(said)[0].lower()
    if several != singular(several) and singular(several) == thing:
        return False  # "get the caches" of `get_cache_list`
    return thing == singular(thing) and (verb != "find" or _SINGLE.match(said) is not None)


def _thing(named: list[str], said: str, description: str, verb: str) -> str:
    """The first noun of the command if the tool's name has it too, else the noun of the name that is spoken of."""
    noun, end = head(said)
    if (more := _AND.match(said, end)) and head(more[1])[0] in named:
        noun = head(more[1])[0]  # "artifact and log retention settings" are settings
    if noun in _UNTELLING and (behind := _OF.match(said, end)):
        noun = behind[1].lower()
    whole = _nouns(named)
    singles = [singular(word) for word in whole]
    if noun in named[1:] and noun not in whole:
        return noun  # a verb elsewhere, but here the thing: "report"
    if "-" in noun.strip("-") and noun.replace("-", " ") in " ".join(named):
        return noun.replace("-", " ")  # a sub-issue is no issue
    if singular(noun) not in singles:
        own = _nouns(_before_boundary(named))
        is_compound = noun in _HEADS or usual_fields(singular(noun))  # "environment variables" of `get-env`
        if own and is_compound and f"{singular(own[-1])} {noun}" in said:
            return f"{singular(own[-1])} {noun}"  # the pull request of `pulls_get`
        in_words = noun.isalpha() and noun.islower() and noun not in _UNTELLING
        has_verb = any(word in wording().verbs for word in named)
        spoken = not own or not own[-1].endswith("ing") or singular(own[-1]) in description  # "list_following"
        return own[-1] if own and ((has_verb and spoken) or not in_words) else noun if in_words else ""
    at = singles.index(singular(noun))
    if at and whole[at - 1] in _HEADS and f"pull {whole[at - 1]}" in description:
        return noun  # the stack of a "pull request stack" is no "request stack"
    both = f"{whole[at - 1]} {noun}"
    is_verb = whole[at - 1] in (head(said)[0], verb) or (
        at and whole[at - 1] in wording().verbs and said.startswith(noun)
    )
    told = both in description or noun in things()["alone"].split()  # no delivery but a "webhook delivery"
    return both if at and told and not is_verb else noun


def _nouns(named: list[str]) -> list[str]:
    return [_written_out(word) for i, word in enumerate(named) if word.isalpha() and _is_noun(word, i)]


def _before_boundary(named: list[str]) -> list[str]:
    """ "repos_list_for_user" is about repositories: what follows "for", "by" and the like only tells which."""
    ends = (i for i, word in enumerate(named) if i and word in wording().boundaries and word not in ("and", "or"))
    return named[: next(ends, len(named))]


def _written_out(word: str) -> str:
    """ "repos" -> "repositories", as the command says it."""
    return plural(wording().nouns[singular(word)]) if singular(word) in ("repo", "org", "env", "config") else word


def _is_noun(word: str, place: int) -> bool:
    if word in wording().providers or word in _UNTELLING or word in ("a", "an", "the") or word.endswith("ed"):
        return False
    return word not in wording().verbs or (place > 0 and (word in wording().also_nouns or word == "type"))


@lru_cache(maxsize=4096)
def singular(noun: str) -> str:
    """ "entities" -> "entity"."""
    if noun == "people":
        return "person"
    if noun.endswith(("ss", "us", "is", "news", "series")) or len(noun) < 4:
        return noun
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-2] if noun.endswith(("ches", "shes", "xes", "sses", "tuses")) else noun.removesuffix("s")


@lru_cache(maxsize=8192)
def named_by(name: str) -> str | None:
    """What a parameter of that name identifies: "pull" for `pull_number`, "" for `id`; None if it is no identifier."""
    own = words(name)
    if not own or own[-1] not in _NAMING:
        return None
    return " ".join(own[:-1])


_CALLED_SO = {"organization": "org", "repository": "repo"}


def key_of(tool: Tool, thing: str) -> ToolParameter | None:
    """The parameter that says which thing is meant; None where no argument does."""
    last = thing.split()[-1:]
    own, name = tool.parameter(_CALLED_SO.get(thing, "")), tool.parameter("name")
    if own is not None and name is not None and not name.required:
        return own  # its name is what it is called from now on
    # `package_version_id` before `package_name`, for a package version.
    # `version_id` before `ruleset_id`, for a ruleset version.
    for parameter in sorted(tool.parameters, key=lambda p: (named_by(p.name) != thing, [named_by(p.name)] != last)):
        named = named_by(parameter.name)
        plain = parameter.type in ("string", "integer") and not parameter.enum
        if (
            named is None
            and plain
            and list(words(parameter.name)) in (thing.split(), *([last] if last == ["version"] else []))
        ):
            return parameter
        if plain and named is not None and (not named or named.split()[-1:] == last or _short(named, thing)):
            return parameter
    return None


def _short(named: str, thing: str) -> bool:
    """`pull_number` is the number of a pull request, `hook_id` the id of a webhook."""
    return short_for(named, thing) or (len(named) > 3 and thing.endswith(named))


def short_for(named: str, thing: str) -> bool:
    """Whether a name is the beginning of a thing's and no thing itself: "pull", not the "release" of an asset."""
    return thing.startswith(f"{named} ") and not usual_fields(named)


@lru_cache(maxsize=2048)
def participle(verb: str) -> str:
    """ "create" -> "created"."""
    known = things()["participles"].get(verb)
    if known:
        return str(known)
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if verb.endswith("y") and verb[-2:-1] not in "aeiou" else verb + "ed"


@lru_cache(maxsize=4096)
def usual_fields(thing: str) -> Mapping[str, Any]:
    """Field -> where its values come from, for what is usually known of such a thing; of two words the last decides."""
    *about, last = thing.split() or [""]
    if about and last in things()["alone"].split() and thing not in things()["fields"]:
        return {}
    # The summary of a usage tells of the usage.
    for name in (thing, *(about[-1:] if last in ("summary", "report") else ()), last):
        for names, fields in things()["fields"].items():
            if name and name in [part.strip() for part in names.split(",")]:
                return dict(fields)
    return {}
