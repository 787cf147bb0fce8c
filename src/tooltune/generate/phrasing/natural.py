"""What of a foreign tool a person might say: which of its optional arguments, and whether a request for it is one.

What cannot be said naturally is left out: an optional argument is never mentioned, and a tool whose required
arguments sound like a form that is filled in is not called as long as another one is in view.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tooltune.generate.names import CODE_WORDS, is_place, words
from tooltune.generate.phrasing.actions import Action, head
from tooltune.generate.phrasing.grammar import is_heap, is_pile, repeats
from tooltune.generate.phrasing.mentions import Mention, is_figures, plural
from tooltune.generate.phrasing.placing import aside, place
from tooltune.generate.phrasing.spoken import sounds_right
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.slots import text_kind, type_of
from tooltune.generate.surfaces import LEADING, spaced
from tooltune.types import Tool, ToolParameter

_MOST_BY_NAME = 1
"""How many required arguments may be said with their names: "with the package type npm"."""
_MOST_ATTACHED = 3
_LONGEST_NAME = 3
_LONGEST_ADDED = 2
_MOST_PARTS = 3
_MOST_OF_ONE = 2
"""So often no preposition stands in a request."""
_WHOLE = ("body", "data", "payload")
"""Names of all that a tool is given."""
_CONDITIONAL = re.compile(
    r"\brequired (?:when|if|for)\b|\bonly (?:valid|applies|applicable|used|available) (?:when|if|for|to)\b|"
    r"\bmust be (?:passed as|set to) |\bnot applicable\b|\bno longer\b|\bretired\b|\bdeprecated\b|\bcomma.separated\b",
    re.IGNORECASE,
)
""" "Required when the type is ...": whether it may be said depends on other arguments; "a,b,c" is nothing to say."""
_ONCE = re.compile(r"^[^.;]*\b(?:when|as soon as) (?:an?|the) [\w -]+ (?:\w+s|is|are)\b")
""" "Send an e-mail when the fare drops": what is asked for is that, and no e-mail."""
_OLD = re.compile(r"\bdeprecated\b|\bclosing down\b|\bno longer supported\b", re.IGNORECASE)
_CURSOR = re.compile(r"\bcursor\b|\bpaginat|\bencrypt", re.IGNORECASE)
_WHERE = re.compile(r"(?:in|on|at|for|from|of|by) ")
_IS_AT = re.compile(r"at \{")
_PREPOSITION = re.compile(r"(?:in|at|on|for|from|to|by|of|into|called|named) (?:the [\w-]+ )?[\"{]")
_LABELLED = re.compile(r"(?:labelled|tagged|with the) ")
_ALL_OF_IT = re.compile(r"^all |\b(?:complete|entire|whole|full) ")
_CODE = re.compile(r"\b[a-z]+\.[a-z]+\b(?<!\.js)(?<!\.json)(?<!\.py)(?<!\.md)(?<!\.txt)")
""" "datetime.timedelta": nobody says that."""
_CUT = re.compile(r"\bthat (?:this|it|can|gathers?|makes?)\b|[^e]ed$")
_WHOLE_CLAUSE = re.compile(r"\bthat (?:is|are) [a-z ]*ed$")
_QUOTED = re.compile(r"`[^`]*`")
_FORMULA = re.compile(r"\b[a-z]\.[a-z]{2}\b|[\u00b2-\u209f]")
_BARE = re.compile(r"(?:get|show|return) \{[\w.]+\}(?:\[.*\])?")
_WORD = re.compile(r"[a-z]+")
_TWICE = re.compile(r"\b(\w{4,}) \1\b")
_CLAUSE = re.compile(r"(?<!if )(?<!whether )\b(?:an?|the) [\w -]+ (?:is|are|has|have|can|defined)\b")
CHANGING = frozenset({"update", "edit", "set", "change", "modify", "patch", "configure"})
_STIFF = frozenset({"state", "status", "action", "mode", "uuid", "sbom"})
_ORDER = re.compile(r"in \{\w+\} order$")
_CAMEL = re.compile(r"[a-z][A-Z]")
TAKING = frozenset({"delete", "remove", "check", "cancel", "download", "revoke", "unassign", "stop", "restore"})
_WORKING_OUT = frozenset({"convert", "compute", "calculate", "format", "translate", "parse", "encode", "decode"})
_PLACES = ("code", "thing", "pair")
_NAMED_TWICE = re.compile(r"\ban? (\w{4,})\b.*\bthe \1 \{")
""" "versions for a package ... for the package express"."""
_WRONG_ARTICLE = re.compile(r"\ban? (?:(?!in|of|to|for|with|on)[\w-]+ ){1,3}(?:[a-z]+ips|bulk)\b")
_FOR_PROGRAMS = re.compile(
    r"\b(?:representations?|payload|tuples?|dict|instances? of|authenticated[- ](?:user|app)|null)\b"
)
_OF_SOME = re.compile(
    r" (?:(?:of|for|to|from|in|on|with) an?|of|for) [a-z][\w -]+(?: (?:in|from) \{\S+)? (?:for|of) the "
)
""" "versions of a custom image for the image definition 5"."""
_OF_ME = re.compile(r"\b(?:my|an?) the\b|\b(?:me|I \w+) (?:for|in the)\b")
_RELATED = re.compile(r"\b(?:parent|previous|next|root) (\w+) (?:for|of) \1\b")
""" "the parent issue of issue 5": of which the simulated world knows nothing."""
_HALF_ASKED = re.compile(
    r"\b(?:if|whether) (?:an? |the \w+ \{\w+\} (?:for|in|of|to) )|\b[A-Z]{2,} the \b|\bassigned to me\b|"
    r"\brequested (?:\{|to be\b)|\baccess token for the\b|\brepositories with [\w ]+ usage\b|"
    r"\borganization \w+ of the |\bmy [\w ]+ for \{|\w\. [A-Z]"
)
""" "check if a user is the collaborator x", "for HEAD the commit x"; and "assigned to me", of whom nothing is known."""
_AFTER_WHAT_IT_BECOMES = re.compile(r"\b(?:convert|turn|change|promote) an? [\w -]+ (?:in)?to (?:an? )?[a-z][\w -]* \{")
""" "convert a member to outside collaborator ada": it is the member who is called so."""
_FILLED_IN = re.compile(
    r"\bto (?:an? )?(?:list of )?\w+ to \"?\{|\bsomething (?:with|in|on|at|from|for) |' the \w+ \"?\{|"
    r"\bor \w+ the \w+ \"?\{|\bwithin \{\w+\} in |"
    r"\bwith an? (?:left|right|top|bottom|(?!speed)[a-z]+ed|[a-z]+wn) of \{"
)
""" "to addresses to x", "a dog or cat the breed y", "with a drawn of 8"."""
_STRANGE = (_RELATED, _OF_ME, _FORMULA, _TWICE, _NAMED_TWICE, _WRONG_ARTICLE, _FOR_PROGRAMS, _OF_SOME, _HALF_ASKED,
            _AFTER_WHAT_IT_BECOMES, _FILLED_IN)  # fmt: skip


def is_natural(tool: Tool, action: Action, mention: Mention) -> bool:
    """Whether an optional argument may be mentioned."""
    if _is_elsewhere(tool, mention):
        return False
    return all(_is_natural(action, mention, parameter) for parameter in _parameters(tool, mention))


def _is_elsewhere(tool: Tool, mention: Mention) -> bool:
    """Whether it names a repository with its owner, where another argument gives the owner."""
    whole = [p for p in _parameters(tool, mention) if text_kind(p.name, p.description, "") == "full_repository"]
    return bool(whole) and any(p.required and is_place(p.name) for p in tool.parameters)


def _is_natural(action: Action, mention: Mention, parameter: ToolParameter) -> bool:
    kind = type_of(parameter.to_schema())
    if _is_never_said(mention, parameter):
        return False
    if mention.style == "code" and not action.is_a("find"):
        return False
    if text_kind(parameter.name, parameter.description, "") == "city" and "a codespace" in action.object:
        return False  # which lies in no town
    if _is_about_the_same(action, mention) or _is_in_another_way(action, mention):
        return False
    if kind == "boolean":
        return sounds_right(parameter, action.is_a("find") or action.is_a("look"))
    if _is_structure(parameter, kind):
        return False
    if aside(action.object, mention)[1]:
        return True  # the command speaks of it: "play a track on a device"
    if _is_by_name(mention):
        return _says_itself(action, parameter, mention, kind)
    if (parameter.format or "").startswith("date") and words(parameter.name)[-1:] == ("at",):
        return action.is_a("look")  # "update it on 3 May" is no date of its end
    return not _is_loose(mention, parameter)


def _is_never_said(mention: Mention, parameter: ToolParameter) -> bool:
    if _CONDITIONAL.search(parameter.description) or _is_for_programs(parameter) or _is_turned_round(parameter):
        return True
    if mention.attach[0].startswith(("after number", "page ")):
        return True  # nobody begins with the third page
    if _ORDER.match(mention.attach[0]):
        return True  # "in ascending order" of what?
    if any(str(example).startswith('"') for example in parameter.extra.get("examples") or ()):
        return True  # quotation marks are no part of a value
    return any(_CAMEL.search(str(value)) for value in parameter.enum or ())  # "in WestUs2"


def _is_turned_round(parameter: ToolParameter) -> bool:
    """Whether the name of a flag says the opposite of its description: `opt_out`, "Whether to authorize ..."."""
    return parameter.type == "boolean" and bool({"opt", "not", "no", "without", "disable"} & {*words(parameter.name)})


def _is_about_the_same(action: Action, mention: Mention) -> bool:
    """Whether it goes against the command: "all licenses, at most 25 of them", "commits at commit 5"."""
    about = head(action.object)[0].lower()
    is_part = mention.apart and mention.attach[0].startswith(
        ("only ", "at most", "limited", "page", "no more", "skipping")
    )
    is_one = not about.endswith("s") and not action.is_a("find") and action.verb != "list"
    if is_part and is_one:
        return True  # "the commit 5a3c, at most 25 of them"
    return (is_part and bool(_ALL_OF_IT.search(action.object))) or about == plural(mention.noun)


def _is_in_another_way(action: Action, mention: Mention) -> bool:
    """Whether it tells for whom or what something is looked for, where nothing is looked for."""
    looks = action.is_a("look") or action.is_a("find")
    lost = mention.attach[0].startswith("into ") and not action.is_a("make")
    if looks and mention.style == "path" and mention.attach[0].startswith("at "):
        return True  # "list commits at src/app.py"
    return not looks and (lost or mention.attach[0].startswith("for the ") or mention.noun == "username")


def _is_structure(parameter: ToolParameter, kind: str) -> bool:
    """Whether a value has parts that a sentence cannot hold: an object, or a list of anything but free texts."""
    items = parameter.items if isinstance(parameter.items, Mapping) else {}
    options = [*parameter.extra.get("anyOf", ()), *parameter.extra.get("oneOf", ())]
    of_parts = any(isinstance(option, Mapping) and option.get("type") in ("object", "array") for option in options)
    of_texts = items.get("type", "string") == "string" and "enum" not in items
    return kind == "object" or of_parts or (kind == "array" and not of_texts)


def _is_itemized(parameter: ToolParameter) -> bool:
    """Whether a list is one of things with a few plain details: "tea (price 12) and bread (price 3)"."""
    items = parameter.items if isinstance(parameter.items, Mapping) else {}
    parts = items.get("properties") or {}
    plain = all(isinstance(part, Mapping) and part.get("type") not in ("object", "array") for part in parts.values())
    return plain and len(parts) <= _MOST_PARTS and any(key in parts for key in LEADING)


def is_change(mention: Mention) -> bool:
    """Whether what is said is two texts, "replacing "a" with "b""."""
    return mention.attach[0].startswith("replacing ")


def _is_by_name(mention: Mention) -> bool:
    """Whether it is said with its name only, as in a form: "with the visibility all", "with a size of 3"."""
    noun = mention.noun.removesuffix(" name")
    return mention.attach[0].startswith((f"with the {noun} ", f"with a {noun} of ", f"with an {noun} of "))


def _says_itself(action: Action, parameter: ToolParameter, mention: Mention, kind: str) -> bool:
    """Whether a name is a word that people use for such a value."""
    own = mention.noun.lower().split()
    if own[-1] in CODE_WORDS or mention.is_list:
        return False
    if kind in ("integer", "number"):
        return len(own) <= _LONGEST_NAME and _is_amount(own)
    if parameter.enum:
        return len(own) <= _LONGEST_ADDED and action.is_a("find") and own[-1] in wording().selecting
    return len(own) <= _LONGEST_ADDED and own[-1] in wording().told


def _is_amount(own: Sequence[str]) -> bool:
    """Whether a name is that of an amount: "with an issue of 1" is no way to speak of issue 1."""
    return own[0] in ("maximum", "minimum", "number") or own[-1] in wording().measures


def _is_loose(mention: Mention, parameter: ToolParameter) -> bool:
    """Whether a rule for the end of a name loses what its beginning says: "in eu-west-1" of `aws_region`."""
    says_less = _LABELLED.match(mention.attach[0]) and mention.noun not in mention.attach[0]
    bare = mention.apart or _PREPOSITION.match(mention.attach[0]) or says_less
    name = " ".join(words(parameter.name))
    return (
        bool(bare)
        and len(mention.names) == 1
        and mention.style != "choice"
        and not ({name, f"={name}"} & {*wording().attach})
    )


def _is_known(mention: Mention, parameter: ToolParameter) -> bool:
    """Whether a name tells what stands behind it, and is made of words: those of its own description, if it has one.

    Nobody asks for something "with the action revoke" or "with the basehead main".
    """
    about, own = _QUOTED.sub("", parameter.description.lower()), mention.noun.lower().split()
    if own[:1] and own[0] in wording().own_kind:
        return True
    used = not about or all(
        word.removesuffix("s") in about for word in own if word not in ("maximum", "minimum", "number", "of")
    )
    return used and " ".join(own) not in wording().hiding and own[-1] not in _STIFF


def _is_for_programs(parameter: ToolParameter) -> bool:
    """Whether such values pass between programs, and no person has them at hand."""
    own = words(parameter.name)
    hidden = own[-1:] != () and own[-1] in wording().secret
    return (
        hidden
        or own[:1] == ("encrypted",)
        or (parameter.type == "string" and bool(_CURSOR.search(parameter.description)))
    )


def is_clear(tool: Tool, action: Action, mentions: Sequence[Mention], said: str, changes: bool) -> bool:
    """Whether a request is what a person might say.

    Args:
        tool: the tool.
        action: what it does.
        mentions: what there is to say, without what is never mentioned.
        said: a request with the required arguments only.
        changes: whether something must be said that is to become different.
    """
    required = [m for m in mentions if m.required]
    idle = action.verb in _WORKING_OUT and tool.parameters and not required  # "convert distance to miles" of what?
    if (
        idle
        or _OLD.search(tool.description)
        or _ONCE.match(tool.description)
        or _lacks_its_object(tool, action, mentions)
    ):
        return False
    is_command = not (_is_no_command(tool, action, required) or _CODE.search(str(action)) or _BARE.fullmatch(said))
    return (
        is_command
        and (len(required) < len(mentions) if changes else _sets_something(action, required))
        and all(said.count(f" {word} ") < _MOST_OF_ONE for word in ("for", "in", "on", "with"))
        and not any(pattern.search(said) for pattern in _STRANGE)
        and not (repeats(said) or is_heap(said))
        and not is_pile(action.object)
        and wording().jargon.isdisjoint(word.removesuffix("s") for word in _WORD.findall(action.object.lower()))
        and not (changes and action.verb == "set")  # set to what?
        and not any(_is_added_as_made(action, m) for m in required)
        and not (_CLAUSE.search(action.object) or _is_cut(action.object))
        and _is_short(action, required)
        and all(_is_plain(action, m, parameter) for m in required for parameter in _parameters(tool, m))
    )


def _is_cut(text: str) -> bool:
    """Whether a command ends in the middle of a clause; "changes that are not yet staged" is whole."""
    return bool(_CUT.search(text)) and not _WHOLE_CLAUSE.search(text)


def _lacks_its_object(tool: Tool, action: Action, mentions: Sequence[Mention]) -> bool:
    """Whether what a tool adds, sets or removes is an argument of which nothing can be said: "add labels"."""
    said = {name for mention in mentions for name in mention.names}
    about = head(action.object)[0].lower().removesuffix("s")
    silent = [p for p in tool.parameters if p.name not in said]
    if action.is_a("make") and any(words(p.name)[:1] == ("encrypted",) for p in tool.parameters):
        return True  # a secret without its value
    if action.verb == "create" and all(is_which(action, m) for m in mentions if m.required) and _holds_more(silent):
        return True  # a webhook, and nothing said of it
    return not (action.is_a("look") or action.is_a("find")) and any(
        (p.name in _WHOLE and p.type != "string") or about == (words(p.name)[-1:] or ("",))[0].removesuffix("s")
        for p in silent
    )


def _holds_more(silent: Sequence[ToolParameter]) -> bool:
    """Whether what cannot be said has parts: a configuration, or a list of such."""
    return any(_is_structure(p, type_of(p.to_schema())) for p in silent)


def _is_form(action: Action, mention: Mention) -> bool:
    """ "remove the member with the team x" is a form; "show the order with the ID 5" is not."""
    by_id = " " not in mention.noun and mention.noun.lower() in CODE_WORDS
    takes_away = action.is_a("look") or action.is_a("find") or action.verb in TAKING
    return takes_away and not by_id and mention.style != "quoted"


def _is_added_as_made(action: Action, mention: Mention) -> bool:
    """ "add repository 5 to a variable called x": what is there already is not called so by the call."""
    return action.verb == "add" and " to " in action.object and mention.attach[0].startswith("called ")


def _is_no_command(tool: Tool, action: Action, required: Sequence[Mention]) -> bool:
    """Whether it is a bare name such as `naturaldate`, a name in place of a description, or takes no such value."""
    named = spaced(tool.name).lower().split()
    from_name = tool.description and action.object == f"the {' '.join(named)}"
    bare_name = from_name and action.verb == "get" and len(named) == 1
    converts = action.object == f"the {' '.join(named)}" and {"to", "2", "from"} & {*named, *tool.name}
    nothing = action.object in ("", "me") and tool.description  # "list (matching references)"
    # "get a natural day of 3 May": the value is no part of what a description with "a" names.
    strange = action.object.startswith(("a ", "an ")) and any(
        m.attach == (f"of {m.gap}",) and place(action.object, m) is None for m in required
    )
    return bool(strange or bare_name or converts or nothing)


def _is_short(action: Action, required: Sequence[Mention]) -> bool:
    """Whether few things are added to the command, and hardly any by its name."""
    added = [m for m in required if place(action.object, m) is None]
    by_name = [m for m in added if _is_by_name(m) and m.style != "quoted"]
    opening = [m.attach[0].split(" ", 1)[0] for m in added if not m.apart]
    clashes = any(opening.count(word) > 1 for word in ("in", "on", "at"))  # "in acme in the enterprise x"
    return not clashes and len(added) <= _MOST_ATTACHED and len(by_name) <= _MOST_BY_NAME


def _sets_something(action: Action, required: Sequence[Mention]) -> bool:
    """Whether a command that sets or changes something says to what: nobody updates an import and no more."""
    if action.verb not in CHANGING:
        return True
    return not all(is_which(action, m) for m in required)


def is_which(action: Action, mention: Mention) -> bool:
    """Whether a required argument says which thing is meant, or where it is, and not what becomes of it."""
    if len(mention.names) == 2 or mention.style in _PLACES or _IS_AT.match(mention.attach[0]):
        return True
    where = _WHERE.match(mention.attach[0]) and mention.attach[0].endswith(mention.gap)
    whose = place(action.object, mention) is not None and words(mention.names[0])[-1:] in (("name",), ("slug",))
    return bool(where or whose)


def _is_plain(action: Action, mention: Mention, parameter: ToolParameter) -> bool:
    """Whether a required argument is said as people would."""
    kind = type_of(parameter.to_schema())
    shapeless = parameter.name in _WHOLE and not parameter.type  # "the data quartz"
    if shapeless or _is_for_programs(parameter) or "ust be passed as" in parameter.description:
        return False
    is_hash = text_kind(parameter.name, parameter.description, "") == "sha" or mention.attach[0].startswith("at commit")
    if is_hash and place(action.object, mention) is None:
        return False  # "get the tree at commit 5a3c"
    if kind == "boolean":
        return action.is_a("make") and sounds_right(parameter, False)  # "set the permissions, and switch it on"
    if _is_structure(parameter, kind):
        return is_change(mention) or is_figures(parameter) or _is_itemized(parameter)
    if mention.attach[0].startswith("called ") and " " in mention.noun:
        return mention.noun.partition(" ")[0] in action.object.lower()  # no notes are called as a tag is
    if not _is_by_name(mention) or place(action.object, mention) is not None:
        return True
    wordy = any(len(spaced(str(value)).split()) > _LONGEST_NAME for value in parameter.enum or ())
    if wordy or (not action.is_a("make") and _is_form(action, mention)):
        return False
    is_quoted = mention.style == "quoted" and kind == "string"
    return (
        kind != "array" and len(mention.noun.split()) <= _LONGEST_NAME and (is_quoted or _is_known(mention, parameter))
    )


def _parameters(tool: Tool, mention: Mention) -> list[ToolParameter]:
    """The parameters of a mention; parts of objects ("address.city") as parameters of their own."""
    found = []
    for name in mention.names:
        head, _, inner = name.partition(".")
        whole = tool.parameter(name) or tool.parameter(head)
        if whole is not None and whole.name != name and inner:
            whole = ToolParameter.from_schema(name, (whole.properties or {})[inner])
        found += [whole] if whole is not None else []
    return found
