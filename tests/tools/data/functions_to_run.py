"""Functions that behave, and some that do not, for tests of `--execute`."""

import datetime
import enum
import os
import pathlib
import time
from dataclasses import dataclass

COUNT = [0]
HOARD: list = []


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Box:
    width: float
    height: float


def area(box: Box) -> float:
    """Compute the area of a box.

    Args:
        box: The box.
    """
    return box.width * box.height


def weekday(date: datetime.date) -> str:
    """Get the weekday of a date.

    Args:
        date: The date.
    """
    return f"{date:%A}"


def price(size: Size, number: int = 1) -> dict:
    """Get the price of pizzas of a size.

    Args:
        size: Size of the pizza.
        number: How many pizzas, from 1 to 20.
    """
    if number > 20:
        raise ValueError(f"{number} are too many")
    return {"price": number * (9.5 if size is Size.LARGE else 7), "currency": "EUR"}


def count() -> int:
    """Count the calls."""
    COUNT[0] += 1
    print("not part of the answer")
    return COUNT[0]


def sleep_long() -> None:
    """Sleep."""
    time.sleep(60)


def spin() -> None:
    """Spin."""
    while True:
        pass


def hoard() -> int:
    """Take much memory."""
    HOARD.append(bytearray(10**9))
    return len(HOARD)


def fall() -> None:
    """End the process."""
    os.abort()


def leave() -> None:
    """Exit."""
    raise SystemExit(3)


def much() -> str:
    """Say much."""
    return "x" * 10**6


def not_a_number() -> float:
    """Give NaN."""
    return float("nan")


def thing() -> object:
    """Give something without a JSON form."""
    return {"when": datetime.date(2025, 3, 1), "box": Box(1, 2), "set": {1}, "size": Size.SMALL}


async def later(word: str) -> str:
    """Say a word later."""
    return word


def folder() -> list:
    """List the folder."""
    return [path.name for path in pathlib.Path().iterdir()]


def spawn() -> int:
    """Start a process that stays."""
    return os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "61.5")
