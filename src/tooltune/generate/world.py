"""A small simulated world in which any tool can be called.

Example tools have implementations of their own (`example_tools`). For every other tool the world keeps
records: what a call makes gets an id and can be found, changed and deleted later; a thing that the
conversation only speaks of is taken to exist, and what is known of it is the same at every call. Results are
JSON, keep the types of the arguments, and depend on the calls before them, the tools in view and nothing else:
the same calls in a new world end in the same results and the same state.

Not covered: what a tool computes (a simulated area is some number), and records that refer to each other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.example_tools import IMPLEMENTATIONS, ToolExecutionError, execute, is_example_tool
from tooltune.generate.arithmetic import worked_out
from tooltune.generate.clock import elsewhere, now_in, zones
from tooltune.generate.deeds import (
    Deed,
    deed_of,
    key_of,
    named_by,
    participle,
    short_for,
    singular,
    things,
    usual_fields,
)
from tooltune.generate.known import in_repositories, is_measure
from tooltune.generate.names import is_place, kind_of, number_rules, words
from tooltune.generate.numbers import number
from tooltune.generate.phrasing.mentions import plural
from tooltune.generate.pools import pooled
from tooltune.generate.slots import choose_value
from tooltune.tools import PythonFunctions
from tooltune.types import Tool, ToolCall, ToolParameter

Record = dict[str, Any]
_LONGEST = 80
_MOST_FOUND = 3
_PLAIN = ("string", "integer", "number")
_FAILURES = (
    "The service is not available at the moment",
    "The request timed out, nothing was changed",
    "Too many requests, try again in a minute",
    "Not allowed for this account",
)
_ONE_IN = 12
_PATTERN = re.compile(r"[\w.-]*\*[\w.-]*")
""" "*.md", "test_*": what is found is called so."""
_NAMED_BY_PLACE = ("repository", "file", "commit", "directory", "organization", "organisation", "team")
_SEARCHED = ("query", "q", "search", "search_query", "search_term", "term", "keyword")
_TERM = re.compile(r"[\w -]{3,40}")
_SLUG = re.compile(r"[a-z][a-z.-]+")
_HASH = re.compile(r"[0-9a-f]{7,40}")
_FILE = re.compile(r".*/[\w.-]+|[\w-]+\.\w+")


class World:
    """What exists, and what calls make of it. One world is one conversation."""

    def __init__(self, functions: PythonFunctions | None = None) -> None:
        """`functions` are really run when they are called."""
        self.functions = functions
        self.records: dict[tuple[str, str], Record | None] = {}
        """(thing, id as text) -> what is known of it; None for what was deleted."""
        self.made: list[tuple[str, str]] = []
        """What was made, in order; a later search finds it."""
        self.written: dict[tuple[str, str], Record | None] = {}
        """(thing, id as text) -> what calls set of it; None for what they deleted. Looking leaves no trace here."""

    def execute(self, call: ToolCall, tools: Sequence[Tool]) -> str:
        """Run a call.

        Args:
            call: the call; its arguments should fit the tool's schema.
            tools: the tools in view; they also decide what the ids of things look like.

        Returns:
            The JSON text of the result, or of `{"error": "..."}`.
        """
        if self.functions and self.functions.runs(call.name):
            return self.functions(call)
        tool = next((t for t in tools if t.name == call.name), None)
        if tool is None or (call.name in IMPLEMENTATIONS and is_example_tool(tool)):
            return execute(call, tools)
        try:
            result = self._run(call, tool, tools)
        except ToolExecutionError as error:
            result = {"error": str(error)}
        except ToolDefinitionError:  # an id of a form that no value is known for
            result = {"status": "ok"}
        return json.dumps(result, ensure_ascii=False)

    def _run(self, call: ToolCall, tool: Tool, tools: Sequence[Tool]) -> Record:
        deed, arguments = deed_of(tool), dict(call.arguments)
        seed = json.dumps([call.name, arguments], sort_keys=True)
        rng = Random(_roll(seed))
        if rng.randrange(_ONE_IN) == 0:
            raise ToolExecutionError(rng.choice(_FAILURES))
        if deed.kind in ("make", "find"):
            return getattr(self, f"_{deed.kind}")(deed, arguments, tools, rng)  # type: ignore[no-any-return]
        if deed.kind == "ask":
            return {"result": rng.random() < 0.5}
        if zones(arguments) and deed.thing.rpartition(" ")[2] in ("time", "clock", "hour"):
            return _clock(deed, arguments, _roll("now", *sorted(t.name for t in tools)))
        exact = worked_out(tool, arguments) if deed.kind in ("compute", "show") else None
        if exact is not None:
            return {deed.thing.replace(" ", "_") or "result": exact}
        if deed.kind in ("compute", "write"):
            return _worked_out(deed, rng)
        if deed.verb == "read" and (paths := _paths(arguments)):
            return _read(paths)
        if deed.kind == "do":
            return {"status": participle(deed.verb)} | _echo(arguments, most=2)
        return self._on_one(deed, tool, arguments, tools)

    def _make(self, deed: Deed, arguments: Record, tools: Sequence[Tool], rng: Random) -> Record:
        field, value = _identity(deed.thing, arguments, tools, rng)
        record = {field: value} | _echo(arguments)
        self.records[_place(deed.thing, value)] = record
        self.written[_place(deed.thing, value)] = dict(record)
        self.made.append(_place(deed.thing, value))
        return {**record, "status": participle(deed.verb)}

    def _find(self, deed: Deed, arguments: Record, tools: Sequence[Tool], rng: Random) -> Record:
        made = [self.records[place] for place in self.made if place[0] == _last(deed.thing)]
        known = [record for record in made if record is not None]
        # The tags of a repository are versions, and those of a note are words.
        thing = "release" if deed.thing == "tag" and "repo" in arguments else deed.thing
        others = [self._some(thing, tools, rng) for _ in range(rng.randint(1, _MOST_FOUND))]
        found = [
            {**record, **_shared(record, arguments)}
            for i, record in enumerate(others)
            if _named(record) not in map(_named, others[:i]) and not _is_called_like(record, others[:i])
        ]
        return {_plural_key(deed.thing): [*known, *found]}

    def _some(self, thing: str, tools: Sequence[Tool], rng: Random) -> Record:
        if identifier(thing, tools) is None:
            return _details(thing, tools, rng) or dict([_identity(thing, {}, tools, rng)]) | _of_anything(rng)
        field, value = _identity(thing, {}, tools, rng)
        record = {field: value} | (_unnamed(_details(thing, tools, rng), field) or _of_anything(rng))
        return self.records.setdefault(_place(thing, value), record) or record

    def _on_one(self, deed: Deed, tool: Tool, arguments: Record, tools: Sequence[Tool]) -> Record:
        """Show, change or delete one thing."""
        key = key_of(tool, deed.thing)
        if key is None or key.name not in arguments:
            return _of_no_record(deed, arguments, tools)
        place = _place(deed.thing, arguments[key.name])
        if place not in self.records:
            rng = Random(_roll(*place))
            known = _unnamed(_details(deed.thing, tools, rng), key.name) or _of_anything(rng)
            self.records[place] = {key.name: arguments[key.name]} | known
        record = self.records[place]
        if record is None:
            raise ToolExecutionError(f"There is no {deed.thing} {arguments[key.name]}")
        if deed.kind == "show":
            return dict(record)
        if deed.kind == "remove":
            self.records[place] = self.written[place] = None
            return {key.name: arguments[key.name], "status": participle(deed.verb)}
        record.update(_echo(arguments))
        self.written[place] = (self.written.get(place) or {}) | _echo(arguments)
        return {key.name: arguments[key.name]} | _echo(arguments) | {"status": participle(deed.verb)}


def _roll(*parts: str) -> int:
    """A number that depends on the parts only, the same in every process."""
    return int.from_bytes(hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=6).digest())


def _last(thing: str) -> str:
    return thing.split()[-1] if thing else ""


def _place(thing: str, value: Any) -> tuple[str, str]:
    return _last(thing), str(value)


def _named(record: Record) -> Any:
    """What tells a record from others: its name or number where it begins with one, else all of it."""
    first = next(iter(record.values()), None)
    return first if isinstance(first, str) else record


def _is_called_like(record: Record, others: Sequence[Record]) -> bool:
    """Whether another thing of the same list has its name: no organization has two teams "sales"."""
    own = [key for key in ("name", "title", "message") if key in record]
    return any(record[key] == other.get(key) for key in own for other in others)


def _plural_key(thing: str) -> str:
    return plural(thing or "result").replace(" ", "_")


def _echo(arguments: Mapping[str, Any], most: int = 6) -> Record:
    """The arguments again, with their types; long ones are left out."""
    short = {name: value for name, value in arguments.items() if len(str(value)) <= _LONGEST}
    return dict(list(short.items())[:most])


def _shared(record: Mapping[str, Any], arguments: Mapping[str, Any]) -> Record:
    """What was asked for holds for what is found: all of state=open are open."""
    shared = {name: arguments[name] for name in record if name in arguments and named_by(name) is None}
    shared |= _matching(record, next((arguments[name] for name in _SEARCHED if name in arguments), None))
    pattern, name = str(arguments.get("pattern", "")).removeprefix("**/"), str(record.get("name", ""))
    if _PATTERN.fullmatch(pattern) and "." in name:
        stem, _, ending = name.rpartition(".")
        shared["name"] = pattern.replace("*", stem) + ("" if "." in pattern else f".{ending}")
    return shared


def _matching(record: Mapping[str, Any], term: Any) -> Record:
    """What is found for a term has it in its name or title."""
    name, title = record.get("name"), record.get("title")
    if not isinstance(term, str) or not _TERM.fullmatch(term):
        return {}
    if isinstance(title, str):
        return {"title": f"{term[:1].upper()}{term[1:]}: {title}"}
    if isinstance(record.get("message"), str):
        return {"message": f"{term[:1].upper()}{term[1:]}: {record['message']}"}
    if isinstance(name, str) and _SLUG.fullmatch(name):
        return {"name": f"{term.lower().replace(' ', '-')}-{name}"}
    return {}


def _identity(thing: str, arguments: Mapping[str, Any], tools: Sequence[Tool], rng: Random) -> tuple[str, Any]:
    """The field that identifies a thing, and its value: such as the other tools in view ask for."""
    key = identifier(thing, tools)
    if key is None and _counts(tools):
        return "id", rng.randint(1001, 98999)
    if key is None and isinstance(arguments.get("path"), str):
        return "path", arguments["path"]
    if key is None:
        return "id", choose_value(ToolParameter("id"), rng, thing)
    if key.name in arguments:
        return key.name, arguments[key.name]
    if words(key.name)[-1:] == ("slug",) and isinstance(arguments.get("name"), str):
        return key.name, "-".join(arguments["name"].lower().split())
    return key.name, choose_value(key, rng, thing)


def _counts(tools: Sequence[Tool]) -> bool:
    """Whether ids are numbers here: those that the tools in view ask for are, and those around repositories."""
    ids = [p.type for tool in tools for p in tool.parameters if words(p.name)[-1:] in (("id",), ("number",))]
    return "integer" in ids or in_repositories(tools)


def identifier(thing: str, tools: Sequence[Tool]) -> ToolParameter | None:
    """The parameter by which tools in view name such a thing: `run_id` before the `workflow_id` of a workflow run."""
    return _identifier(thing, tools, False) or _identifier(thing, tools, True)


def _identifier(thing: str, tools: Sequence[Tool], in_short: bool) -> ToolParameter | None:
    for tool in tools:
        deed = deed_of(tool)
        for parameter in tool.parameters if parameter_names(tool) else ():
            named = named_by(parameter.name)
            if named is None or not thing or not parameter.required or parameter.type == "array":
                continue
            own = named or (deed.thing if deed.kind not in ("make", "find") else "")
            if own and (short_for(own, thing) if in_short else singular(_last(own)) == _last(thing)):
                return parameter
    return None


def parameter_names(tool: Tool) -> bool:
    """Whether the tool has a parameter that names a thing; most have none, and need no closer look."""
    return any(named_by(parameter.name) is not None for parameter in tool.parameters)


def _unnamed(fields: Record, key: str) -> Record:
    """What is identified by its name, path or commit has no second one."""
    last = words(key)[-1:]
    has_name = (
        "name" in key
        or named_by(key) is None
        or last in (("path",), ("file",), ("repo",), ("repository",), ("slug",), ("org",))
    )
    has_commit = kind_of(key) == "sha"
    hidden = {"name": has_name, "sha": has_commit}
    return {name: value for name, value in fields.items() if not hidden.get(name)}


def _details(thing: str, tools: Sequence[Tool], rng: Random) -> Record:
    """What is known of a thing that nobody made: usual fields, else those that another tool sets; may be nothing."""
    usual = usual_fields(thing)
    if usual:
        return {field: _drawn(source, rng) for field, source in usual.items()}
    makers = [tool for tool in tools if deed_of(tool).kind in ("make", "change") and deed_of(tool).thing == thing]
    set_by = [p for tool in makers for p in tool.parameters if named_by(p.name) is None and p.type in _PLAIN]
    set_by = [p for p in set_by if not is_place(p.name)]
    fields: Record = {}
    for parameter in set_by[:3]:
        try:
            value = choose_value(parameter, rng, thing)
            if len(str(value)) <= _LONGEST:
                fields[parameter.name] = value
        except ToolDefinitionError:  # nothing is known for it, so nothing is said
            continue
    kind = kind_of(thing) if _last(thing) not in things()["vague"].split() else None
    if kind and not fields:
        return {"name": pooled(kind, rng)}
    return fields


def _clock(deed: Deed, arguments: Record, moment: int) -> Record:
    """The time in a zone: one moment for the whole conversation; or a time of another zone."""
    there = elsewhere(arguments, moment)
    if there is not None:
        return {"time": there}
    where = {name: value for name, value in arguments.items() if isinstance(value, str)}
    return where | now_in(zones(arguments)[-1], moment)


def _paths(arguments: Record) -> list[str]:
    """The files that a call names."""
    values = (v for value in arguments.values() for v in (value if isinstance(value, list) else [value]))
    return [value for value in values if isinstance(value, str) and _FILE.fullmatch(value)]


def _read(paths: Sequence[str]) -> Record:
    """What stands in files: the same at every reading; of what is no plain text, its size only."""
    files = [{"path": path} | _content(path) for path in paths]
    return files[0] if len(files) == 1 else {"files": files}


def _content(path: str) -> Record:
    rng, ending = Random(_roll("content", path)), path.rpartition("/")[2].rpartition(".")[2]
    if ending in things()["plain_texts"].split():
        return {"content": pooled("content_text", rng)}
    written = things()["contents"].get(ending)
    return {"content": rng.choice(written)} if written else {"kilobytes": rng.randint(4, 9800)}


def _measured(thing: str, rng: Random) -> Record:
    """A number or a text of a known kind: a temperature, an address."""
    field = thing.replace(" ", "_") or "result"
    kind = None if is_measure(thing) else kind_of(field)
    if kind:
        return {field: pooled(kind, rng)}
    if number_rules(field):
        return {field: number(field, {}, rng, "", False)}
    whole = field.rpartition("_")[2] in things()["whole"].split()
    return {field: rng.randint(2, 900) if whole else rng.randint(20, 9000) / 10}


def _of_anything(rng: Random) -> Record:
    """What holds for whatever can be looked at."""
    return {field: _drawn(source, rng) for field, source in things()["anything"].items()}


def _drawn(source: Any, rng: Random) -> Any:
    if isinstance(source, str):
        return pooled(source, rng)
    if isinstance(source, Mapping):
        return rng.choice(source["of"])
    return rng.randint(*source)


def _of_no_record(deed: Deed, arguments: Record, tools: Sequence[Tool]) -> Record:
    """A thing that no argument names: the weather in a city, the light of a room."""
    said = _echo(arguments, most=4)
    if deed.kind == "show":
        rng = Random(_roll(deed.thing, json.dumps(said, sort_keys=True)))
        about = {name: value for name, value in said.items() if isinstance(value, str)}
        if usual_fields(deed.thing) or deed.verb in ("find", "search", "look"):
            known = _details(deed.thing, tools, rng)
            if "sha" in known and _HASH.fullmatch(str(arguments.get("ref"))):
                known["sha"] = arguments["ref"]
            if "version" in known and isinstance(arguments.get("tag"), str):
                known["version"] = arguments["tag"]
            for name in about if _last(deed.thing) in _NAMED_BY_PLACE else ():
                known = _unnamed(known, name)
            return about | (known or _of_anything(rng))
        is_value = is_measure(deed.thing) or kind_of(deed.thing.replace(" ", "_"))
        return about | (_measured(deed.thing, rng) if is_value else _of_anything(rng))
    return {**said, "status": participle(deed.verb)}


def _worked_out(deed: Deed, rng: Random) -> Record:
    """The outcome of a computation, a number, or of work on a text."""
    if deed.kind == "write":
        return {"text": pooled("sentence", rng)}
    return _measured(deed.thing, rng)
