"""What a tool does, as a command: from its description's first sentence, or else from its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tooltune.generate.phrasing.wording import wording
from tooltune.generate.surfaces import spaced
from tooltune.types import Tool

_SENTENCE = re.compile(r"(?<=[a-z)\"'`])(?<!e\.g)(?<!i\.e)[.;:!](?:\s|$)|\n| [-\u2013\u2014] ")
_LEAD = re.compile(
    r"^(?:(?:an? |this |the )?(?:simple |useful )?"
    r"(?:tool|function|endpoint|method|api|operation|utility|command|action)s?(?: can be used| is used| used)? ?"
    r"(?:that|which|to|for|allows (?:you|users|the user) to|lets you|will)?"
    r"|use (?:this|it)(?: \w+)? (?:to|for|when you need to|when you want to)"
    r"|(?:allows|enables|lets)(?: (?:you|users|the user))?(?: to)?"
    r"|used (?:to|for)|call this to|helps (?:you )?(?:to )?) ",
    re.IGNORECASE,
)
# What a description says about the how; a request names the values instead.
_DETAIL = re.compile(
    r",? (?:(?<!ed )by|using|based on|given (?:an?|the|its)|according to|via|through|"
    r"with (?:the|a) (?:given|specified)|"
    r"so that|in order to|such as|including|optionally|if (?!necessary)|whether|that match(?:es)?|matching|which|"
    r"in an? \w+ that|as well as|along with|from within|(?:from|with|to|in|by|for) (?:an )?optional|with support|"
    r"with \w+ options|from one \w+ (?:in)?to another|in a (?:given|certain) number of|"
    r"or (?:in|at|on|for|from|with|by)|"
    r"or number of|to an? given (?:level|value|amount|number)|for a limited time|"
    r"(?:to|in|into) (?:another|other) (?:folder|directory|days?|dates?|times?|place|location|file format)|"
    r"from the file ?system|as text|as an? [A-Za-z]+ (?:structure|object|string)|"
    r"for the authenticated user|or (?:an? )?specified|filtered|and (?:returns?|gets?)|from the local|when)\b.*"
    r"|, .*"
)
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_IRREGULAR = {"does": "do", "goes": "go", "is": "be", "has": "have"}
_ADVERBS = frozenset({"recursively", "automatically", "safely", "quickly", "directly", "completely", "permanently",
                       "simultaneously", "asynchronously", "immediately", "optionally"})  # fmt: skip
_ALREADY = frozenset({"which", "what", "how", "who", "whether", "more", "two", "three", "both", "all", "available"})
_CLAUSE = re.compile(r"^(?!\w+ (?:if|whether) )(.+?) (?:an?|the) [\w ]+ (?:is|are) \w+ed$")
""" "the dependency an issue is blocked (by)": the clause has lost its preposition, and goes too."""
_DOES = re.compile(r"\bthe authenticated user (follows|owns|likes|uses|has|watches|starred)\b")
""" "the people the authenticated user follows"."""
_MINE = re.compile(r"\bfor the authenticated user\b")
_SWITCHED_FOR = re.compile(
    r"^((?:enable|disable)s?) (an?|the) (?:selected )?(\w+) for (?!an? |the )(.+?)(?= in an? |$)", re.IGNORECASE
)
""" "disable a repository for immutable releases": it is they that are disabled, for the repository."""
_PLURAL = re.compile(r"(?!(?:all|my|the|an?|public|me) )[\w -]+(?<!s)s")
""" "repositories for the authenticated user" are mine."""
_IT = frozenset({"it", "them"})
_ARTICLES = frozenset({"a", "an", "the", "my", "your"})
NOT_PAST = frozenset({"feed", "seed", "speed", "bed", "breed", "embed", "need", "thread", "shed"})
_BEFORE_NAMES = frozenset({"git", "github", "gitlab", "local", "remote", "default", "new", "current"})
"""Words that may follow an article, and are none."""
_ON_ONE = frozenset({"update", "set", "delete", "remove", "check", "enable", "disable", "edit", "change"})
_PARTICLES = frozenset({"on", "off", "up", "down", "out", "back", "in"})
_OPENING = frozenset({"for", "at", "all", "up", "through", "me", "if", "whether", "that", "out", "off", "on", "to"})
_BEHIND_NOUNS = frozenset({"of", "that", "which", "who", "whose", "within", "between"})
_BEHIND_UNKNOWN = frozenset({"at", "with", "near", "about", "and"})
_NO_OBJECT = frozenset({"to", "of"})
_TALK = (" is ", " are ", " you ", " will ", " can ", " should ")


@dataclass(frozen=True)
class Action:
    """A command in two parts: "get" and "the weather of a city"."""

    verb: str
    object: str

    def __str__(self) -> str:
        return f"{self.verb} {self.object}".strip()

    def is_a(self, name: str) -> bool:
        """Whether the verb belongs to a class: look, find or make."""
        searches = name == "find" and "search" in self.object.split()
        return searches or self.verb in wording().classes[name]


def action_of(tool: Tool) -> Action:
    """What a tool does."""
    return _action(tool.name, tool.description)


@lru_cache(maxsize=4096)
def _action(name: str, description: str) -> Action:
    sentence = _SENTENCE.split(description.strip(), maxsplit=1)[0].strip(" .!")
    sentence = _SWITCHED_FOR.sub(r"\1 \4 for \2 \3", _LEAD.sub("", _plain(_ASIDE.sub("", sentence))))
    words = _named_clause(name, _without_loose_end(_DETAIL.sub("", sentence).split()))
    if len(words) == 1 and words[0].lower() in ("check", "checks", "determine", "determines"):
        words = sentence.split()  # "check whether a user is a member" asks nothing without the rest
    words = [word for word in words if word.lower() not in _ADVERBS]
    verb = (_verb_before(words) or _own_verb(name, words)) if words else None
    # "naturalday returns ..." speaks of itself; "convert to a fractional number" of `fractional` does not.
    if not words or len(words) > 18 or (name in words and (verb is None or not name.isalpha())):
        return _from_name(name)
    if verb is not None and _is_by_chance(verb, words[0].lower(), spaced(name).lower().split()):
        return _from_name(name)
    if verb is not None:
        words = _CLAUSE.sub(r"\1", " ".join(_without_loose_end(_one_of_several(words)))).split()
        if words[1:2] in (["to"], ["into"]) and verb in ("convert", "translate", "transform"):
            bare = words[2:3] != [] and words[2].lower() not in wording().determiners and words[-1] == "number"
            into = [*words[1:2], "a", *words[2:]] if bare else words[1:]
            words = [words[0], "the", "number" if "number" in words else "value", *into]
        mine = _MINE.search(sentence) and _PLURAL.fullmatch(" ".join(words[1:]))
        return _with_article(verb, _plain(" ".join([*(["my"] if mine else []), *words[1:]])))
    return _noun_phrase(name, words) or _from_name(name)


def _named_clause(name: str, words: list[str]) -> list[str]:
    """ "Convert data to floats and compute the geometric mean": of two commands the one that the name speaks of."""
    named = {*spaced(name).lower().split()} - wording().verbs
    for i in range(1, len(words) - 2):
        first, then = ({word.lower() for word in part} for part in (words[:i], words[i + 1 :]))
        if words[i] == "and" and words[i + 1] in wording().verbs and named and named <= then and not named & first:
            return words[i + 1 :]
    return words


def _without_loose_end(words: list[str]) -> list[str]:
    """What a cut left hanging goes as well: "an image to the"."""
    while len(words) > 1 and (words[-1].lower() in wording().boundaries or words[-1].lower() in wording().determiners):
        words = words[:-1]
    return words


def _with_article(verb: str, text: str) -> Action:
    """ "Get list of commits" -> "get the list of commits"; descriptions often leave the article out."""
    verb = "get" if verb in ("retrieve", "fetch", "obtain", "return") else verb
    first = text.partition(" ")[0]
    noun = head(text)[0]
    singular = noun.isalpha() and not noun.endswith("s") and noun not in wording().uncountable and noun == noun.lower()
    known = (wording().determiners - _BEFORE_NAMES) | _ALREADY
    bare = first.lower() not in known and first not in _OPENING
    if verb == "create" and singular and bare and len(text.split()) > 1:
        return Action(verb, f"{'an' if text[0].lower() in 'aeiou' else 'a'} {text}")
    takes_article = verb in wording().classes["look"] or (verb in _ON_ONE and not noun.endswith("ing"))
    return Action(verb, f"the {text}" if takes_article and singular and bare else text)


def _one_of_several(words: list[str]) -> list[str]:
    """ "Create or update a file" -> "Create a file"; "make a folder or ensure one exists" -> "make a folder"."""
    if len(words) > 3 and words[1].lower() in ("or", "and") and _verb(words[2]) is not None:
        words = [words[0], *words[3:]]
    for i in range(2, len(words) - 1):
        then = [word for word in words[i + 1 : i + 3] if not word.endswith("ly")]
        goes_on = (
            words[0].endswith("s") and words[i + 2 : i + 3] and words[i + 2].lower() in wording().determiners | _IT
        )
        base = {imperative(word) for word in then[:1] if goes_on and word.endswith("s")}  # "and stores it"
        if words[i] in ("or", "and", "then") and {*then[:1], *base} & (wording().verbs | {"ensure", "overwrite"}):
            ends_object = words[i - 1].lower() not in wording().determiners
            return words[:i] if ends_object and (base or then[0] not in wording().also_nouns) else words
    return words


def _noun_phrase(name: str, words: list[str]) -> Action | None:
    """A description that only names what is got: "Current weather of a city"."""
    own = _from_name(name)
    text = " ".join(words)
    gets = own.is_a("look") or own.is_a("find") or own.verb in ("calculate", "compute", "estimate")
    is_question = words[0].lower() in wording().boundaries  # "On which services a film can be watched"
    if not gets or is_question or len(words) > 9 or any(word in f" {text} " for word in _TALK):
        return None
    is_name = any(letter.isupper() for letter in words[0][1:])  # "API", "GitHub"
    first = text if is_name else text[0].lower() + text[1:]
    return Action(own.verb, first if words[0].lower() in wording().determiners | _ALREADY else f"the {first}")


def _plain(text: str) -> str:
    text = re.sub(r"\bthe (?:currently )?authenticated user's\b", "my", text)
    text = re.sub(r"\b(\w+) of the (?:currently )?authenticated user\b", r"my \1", text)
    # Where it lies is said anyway, and so is how many there are.
    text = re.sub(r"\b(?:(?:organization|user)[- ]owned|(?:one|two|three) or more) ", "", text)
    text = _DOES.sub(lambda found: f"I {imperative(found[1])}", text)
    text = re.sub(r"(?<!for )\bthe (?:currently )?authenticated user\b", "me", text)
    text = re.sub(r"\b(your|Your)\b", "my", re.sub(r"[{}\[\]<>|`*\"\x00]", "", text))
    return text.strip(" ,;")


def _from_name(name: str) -> Action:
    words = _plain(spaced(name).lower()).split()
    verbs = wording().verbs
    at = next((i for i, word in enumerate(words) if word in verbs), None)
    if at is None:
        space = len(spaced(name.rpartition(".")[0]).split())  # "sky.visible_planets" are the visible planets
        named = words[space:] if len(words) > space + 1 else words
        return Action("get", f"the {' '.join(named)}") if named else Action("help", "me")
    if at == len(words) - 1 and at > 0:
        words, at = [words[-1], *words[:-1]], 0
    verb, rest = words[at], words[at + 1 :]
    if not rest:
        return Action(verb, "something" if at == 0 else "")
    if verb in wording().classes["make"] and not rest[-1].endswith("s"):
        return Action(verb, f"{'an' if rest[0][0] in 'aeiou' else 'a'} {' '.join(rest)}")
    return Action(verb, f"the {' '.join(rest)}")


def _verb_before(words: list[str]) -> str | None:
    """The verb that words begin with, where it is no noun: "Sights within ...", "Lounges at ...", "Calories burned"."""
    behind = words[1].lower() if words[1:] else ""
    of_two = behind == "and" and words[3:4] == ["of"]  # "Start and end of the soft light"
    average = words[0].lower() == "average" and behind not in {*wording().determiners, ""}
    noun = of_two or average or (behind in _BEHIND_NOUNS and not words[0].lower().startswith("dispose"))
    unknown = behind in _BEHIND_UNKNOWN or (behind.endswith("ed") and behind not in NOT_PAST)
    return None if noun else _known_verb(words[0]) or (None if unknown else _unknown_verb(words[0]))


def _verb(word: str) -> str | None:
    """ "Returns" -> "return", "creating" -> "create"; None for what is no verb that tools begin with."""
    return _known_verb(word) or _unknown_verb(word)


def _known_verb(word: str) -> str | None:
    lowered = word.lower()
    forms = (lowered, imperative(lowered), *_without_ing(lowered))
    return next((form for form in forms if form.removeprefix("re-") in wording().verbs), None)


def _unknown_verb(word: str) -> str | None:
    lowered = word.lower()
    looks = (
        word[:1].isupper()
        and word.isalpha()
        and lowered.endswith("s")
        and not lowered.endswith(("ss", "us", "ings", "series"))
    )
    return imperative(lowered) if looks and len(lowered) > 4 else None


def _is_by_chance(verb: str, word: str, named: list[str]) -> bool:
    """Whether a sentence only seems to begin with a verb: "Like the other one", "Closing down notice" of a list."""
    other = word.endswith("ing") and any(own in wording().verbs for own in named)
    return (word == "like" or other) and verb not in named


def _own_verb(name: str, words: list[str]) -> str | None:
    """ "Redeliver a delivery" of `redeliver_delivery`: a word of the name before an article is a verb, known or not."""
    first = imperative(words[0].lower())
    before_article = len(words) > 2 and words[1].lower() in _ARTICLES
    return first if before_article and first in spaced(name).lower().split() else None


def _without_ing(word: str) -> tuple[str, ...]:
    if not word.endswith("ing"):
        return ()
    stem = word[:-3]
    return stem, stem + "e", stem[:-1]


def imperative(verb: str) -> str:
    """ "Returns" -> "return"."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if re.search(r"(?:ch|sh|ss|x|zz|o)es$", verb):
        return verb[:-2]
    if verb.endswith("s") and not verb.endswith(("ss", "us")):
        return verb[:-1]
    return verb


def head(text: str) -> tuple[str, int]:
    """The first noun of an object and where it ends: "a new issue in ..." -> ("issue", 11)."""
    at = 0
    last = ""
    matches = list(re.finditer(r"\S+", text))
    following = [*(match[0].lower() for match in matches[1:]), ""]
    for match, then in zip(matches, following, strict=False):
        word = match[0].lower().rstrip(",")
        if last and (word in wording().boundaries or _opens_clause(word, last, then)):
            break
        at = match.end()
        last = word
    return last, at


def _opens_clause(word: str, last: str, then: str) -> bool:
    """What follows a noun and only tells which: "repositories watched by", "the people a user follows"."""
    if last in wording().determiners | wording().boundaries | _PARTICLES or not last.isalpha():
        return False
    is_able = (
        last.endswith("s") and word.endswith(("able", "ible")) and then in wording().boundaries
    )  # "repositories accessible to"
    return (
        word in _ARTICLES
        or is_able
        or (word.endswith("ed") and word not in NOT_PAST and then in {"", *wording().boundaries})
    )


def particle(action: Action) -> str:
    """The particle of a verb of two words: "on" of "turn on the light"; else ""."""
    first, _, rest = action.object.partition(" ")
    return first if first in _PARTICLES and rest and rest.split()[0] not in _NO_OBJECT else ""


def noun_of(tool: Tool) -> str:
    """What the tool is about: "pull request" for create_pull_request; may be ""."""
    named = [word for word in spaced(tool.name).lower().split() if word not in wording().providers]
    cut = next(
        (i for i, word in enumerate(named) if i > 1 and word in wording().boundaries - {"or", "and"}), len(named)
    )
    own = named[:cut]
    if len(own) > 1 and own[0] in wording().verbs:
        own = own[1:]
    while len(own) > 2 and own[0] in ("or", "and") and own[1] in wording().verbs:
        own = own[2:]
    if len(own) == 1 and own[0] in wording().verbs and own[0] not in wording().also_nouns:
        own = []
    if not own:
        own = [head(action_of(tool).object)[0]]
    if own[-1] == action_of(tool).verb and head(action_of(tool).object)[0].isalpha():
        said = action_of(tool).object[: head(action_of(tool).object)[1]].split()
        own = [word for word in said if word.lower() not in wording().determiners][-2:] or own  # `pulls_update`
    if own[-1] in ("file", "files") and tool.parameter("pattern"):
        return "directory"
    if own[-1] in ("file", "files", "contents") and tool.parameter("repo"):
        own = ["repository", "file"]
    return " ".join([*own[-2:-1], own[-1].removesuffix("s") if not own[-1].endswith("ss") else own[-1]])


def kinds_of(action: Action, about: str) -> Iterator[str]:
    """The kinds of acting for which some arguments are said in a way of their own: `for` in `generic.yaml`."""
    if action.verb in ("set", "change", "turn", "dim", "adjust", "raise", "lower", "increase", "decrease"):
        yield "change"
    if action.verb in ("switch", "checkout"):
        yield "switch"
    if "diff" in about or action.verb in ("diff", "compare"):
        yield "diff"
    if "commit" in (action.verb, about):
        yield "commit"
    if action.verb in ("send", "post", "comment", "reply", "notify", "message") or about.endswith("comment"):
        yield "say"
    if action.verb in ("update", "edit", "modify"):
        yield "update"
        if about.endswith(("comment", "message", "note", "post", "reply")):
            yield "reword"
    if action.verb in ("write", "save", "append", "create", "update", "insert", "put"):
        yield "write"
