"""Where plain values come from: large pools, so that a model learns to copy and not to memorise.

Names and places are mimesis' lists, drawn once with a fixed seed; what has a form (dates, codes,
amounts) is computed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from random import Random
from string import ascii_uppercase, digits
from typing import Any

import yaml

from tooltune.generate.templates import fill, parse_template
from tooltune.verify.lexicon import CURRENCIES


@lru_cache(maxsize=1)
def _lists() -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("pools.yaml").read_text("utf-8")
    return {kind: tuple(values) for kind, values in yaml.safe_load(text).items()}


@lru_cache(maxsize=1)
def _people_and_places() -> dict[str, tuple[str, ...]]:
    """The pools that mimesis fills; built at first use, the same in every process."""
    from mimesis import Address, Finance, Person
    from mimesis.locales import Locale

    person, address = Person(Locale.EN, seed=1), Address(Locale.EN, seed=1)
    finance = Finance(Locale.EN, seed=1)
    towns = [address.city() for _ in range(600)]
    companies = [finance.company() for _ in range(400)]
    return {
        "first_name": _unique([person.first_name() for _ in range(1200)]),
        "last_name": _unique([person.last_name() for _ in range(1200)]),
        "city": _unique([*_lists()["world_city"], *towns]),
        "company": _unique(
            [name for name in companies if name.replace(" ", "").isalpha() and not name.startswith("The ")]
        ),
    }


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _person(rng: Random) -> str:
    return f"{pooled('first_name', rng)} {pooled('last_name', rng)}"


def _email(rng: Random) -> str:
    first, last = pooled("first_name", rng).lower(), pooled("last_name", rng).lower()
    local = rng.choice((f"{first}.{last}", f"{first[0]}.{last}", f"{first}{rng.randint(1, 99)}", f"{first}_{last}"))
    return f"{local}@{pooled('host', rng)}".replace(" ", "").replace("'", "")


def _date(rng: Random) -> str:
    return (datetime.date(2025, 1, 1) + datetime.timedelta(days=rng.randrange(1095))).isoformat()


def _time(rng: Random) -> str:
    return f"{rng.randint(7, 21):02d}:{rng.choice((0, 0, 0, 30, 30, 15, 45, 10, 20, 40)):02d}"


def _amount(rng: Random) -> int | float:
    small = rng.randint(2, 999)
    return rng.choice(
        (small, small, 10 * rng.randint(2, 99), 100 * rng.randint(2, 95), small + rng.randint(1, 19) / 20)
    )


def _quantity(rng: Random) -> int | float:
    return rng.choice((rng.randint(2, 400), rng.randint(2, 60), rng.randint(10, 999) / 10))


def _expression(rng: Random) -> str:
    a, b, c = (rng.randint(2, 99) for _ in range(3))
    sign, other = rng.choice("+-*/"), rng.choice("+-*")
    simple = f"{rng.randint(2, 999)} {sign} {rng.choice((b, b, b, b, b, b, 0))}"
    longer = (
        f"{a} {sign} {b} {other} {c}",
        f"({a} {other} {b}) {sign} {c}",
        f"{a} * ({b} {other} {c})",
        f"{rng.randint(11, 99) / 10} {sign} {b}",
        f"{a} ** {rng.randint(2, 4)}",
    )
    return rng.choice((simple, simple, *longer))


def _shape(shape: str) -> Callable[[Random], str]:
    """Codes of a shape: A stands for a letter, 0 for a digit."""
    return lambda rng: like(shape, rng)


def like(example: str, rng: Random) -> str:
    """A code of the same shape: letters for letters, digits for digits."""
    kinds = {"A": ascii_uppercase, "a": ascii_uppercase.lower(), "0": digits}
    classes = ("A" if c.isupper() else "a" if c.islower() else "0" if c.isdigit() else c for c in example)
    return "".join(rng.choice(kinds.get(c, c)) for c in classes)


def same_form(example: str, rng: Random) -> str:
    """Another code of an example's form: ORD-1234 -> ORD-8306, KX482 -> PM051."""
    if example.isalnum() and example.upper() == example:
        return like(example, rng)
    return "".join(rng.choice(digits) if char.isdigit() else char for char in example)


def _tracking(rng: Random) -> str:
    return like(rng.choice(("AA00000000AA", "0A000AA00000", "AAA-000000", "0000 0000 0000", "00000000")), rng)


def _flight(rng: Random) -> str:
    return like(rng.choice(("AA000", "AA000", "AA0000", "AA00")), rng)


def _symbol(rng: Random) -> str:
    return rng.choice(_pool("symbol_known")) if rng.random() < 0.6 else like(rng.choice(("AAA", "AAAA")), rng)


def _web_page(rng: Random) -> str:
    form = rng.choice(
        ("https://{word}.org/{adjective}-{word}", "https://www.{word}.com/blog", "https://{word}.dev/docs")
    )
    return from_template(form, rng)


def _text(template: str) -> Callable[[Random], str]:
    return lambda rng: from_template(template, rng)


_COMPUTED: dict[str, Callable[[Random], Any]] = {
    "person": _person,
    "email": _email,
    "date": _date,
    "time": _time,
    "datetime": lambda rng: f"{_date(rng)}T{_time(rng)}:00Z",
    "amount": _amount,
    "quantity": _quantity,
    "percent": lambda rng: rng.choice((rng.randint(1, 99), 5 * rng.randint(1, 19))),
    "expression": _expression,
    "currency": lambda rng: rng.choice(tuple(CURRENCIES)),
    "tracking": _tracking,
    "flight": _flight,
    "symbol": _symbol,
    "phone": _shape("+00 555 000 0000"),
    "zip": _shape("00000"),
    "year": lambda rng: str(rng.randint(1950, 2026)),
    "sha": lambda rng: f"{rng.choice('abcdef')}{rng.getrandbits(20):05x}{rng.randint(0, 9)}",
    "version": lambda rng: f"{rng.randint(0, 6)}.{rng.randint(0, 21)}.{rng.randint(0, 9)}",
    "duration": lambda rng: rng.choice(("PT30M", "PT1H", "PT1H30M", "PT45M", "PT2H", "P3D", "P2W", "PT90S", "PT15M")),
    "spoken_date": lambda rng: f"{rng.randint(1, 28)} {pooled('month', rng)} {rng.randint(1995, 2027)}",
    "web_page": _web_page,
    "full_repository": _text("{organisation}/{repository}"),
    "ipv6": lambda rng: ":".join(f"{rng.randint(4096, 65535):x}" for _ in range(8)),
    "hex_colour": lambda rng: f"#{rng.getrandbits(24):06x}",
    "regex": _text("^{word}[0-9]+$"),
    "json_pointer": _text("/{word}/{adjective}"),
    "public_key": lambda rng: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + like("AaA0aAAa0AaA", rng),
    "uuid": lambda rng: "-".join(f"{rng.getrandbits(4 * n):0{n}x}" for n in (8, 4, 4, 4, 12)),
    "ipv4": lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "hostname": _text("{adjective}-{word}.example.com"),
    "url": _text("https://{word}{word}.example.com/{adjective}"),
    "path": _text("/home/{word}/{adjective}_{word}.txt"),
    "file": _text("{adjective}-{word}.txt"),
    "username": lambda rng: f"{pooled('word', rng)}{rng.randint(1, 999)}",
    "address": lambda rng: f"{rng.randint(1, 180)} {pooled('street', rng)}, {pooled('city', rng)}",
    "title": lambda rng: from_template("The {adjective} {word}", rng).title(),
    "phrase": _text("{adjective} {word}"),
    "sentence": _text("The {word} is {adjective}"),
}


def pooled(kind: str, rng: Random) -> Any:
    """A value of a kind: a pool's name ("city") or a computed kind ("date").

    Raises:
        KeyError: there is no such kind.
    """
    if kind in _COMPUTED:
        return _COMPUTED[kind](rng)
    return rng.choice(_pool(kind))


@lru_cache(maxsize=64)
def _pool(kind: str) -> tuple[str, ...]:
    return _lists()[kind] if kind in _lists() else _people_and_places()[kind]


def is_kind(kind: str) -> bool:
    """Whether `pooled` knows the kind."""
    return kind in _COMPUTED or kind in _lists() or kind in ("first_name", "last_name", "city", "company")


def from_template(template: str, rng: Random) -> str:
    """A text whose gaps are kinds: "call {first_name}"."""
    parts = parse_template(template).select(rng, 0.5)
    keys = {part.key for part in parts if not isinstance(part, str)}
    return fill(parts, {key: str(pooled(key, rng)) for key in sorted(keys)})
