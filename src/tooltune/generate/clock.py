"""What a clock shows elsewhere: the only thing that the simulated world works out, because anybody would notice.

Source of the offsets: the time zone database, as `zoneinfo` finds it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_START = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
_MINUTES = 3 * 365 * 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_ZONE = re.compile(r"[A-Z]\w+(?:/[A-Z]\w+)+")


def zones(arguments: Mapping[str, Any]) -> list[ZoneInfo]:
    """The time zones among the arguments, in order."""
    found = (_zone(value) for value in arguments.values() if isinstance(value, str) and _ZONE.fullmatch(value))
    return [zone for zone in found if zone is not None]


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def now_in(zone: ZoneInfo, moment: int) -> dict[str, str]:
    """Time and date in a zone; the moment is any number, and the same one is the same moment everywhere."""
    there = (_START + datetime.timedelta(minutes=moment % _MINUTES)).astimezone(zone)
    return {"time": f"{there:%H:%M}", "date": f"{there:%Y-%m-%d}"}


def elsewhere(arguments: Mapping[str, Any], moment: int) -> str | None:
    """A time of the first zone as it is in the second, on the day of a moment; None where it is not that."""
    clock = next((m for v in arguments.values() if isinstance(v, str) and (m := _CLOCK.fullmatch(v))), None)
    found = zones(arguments)
    if clock is None or len(found) != 2:
        return None
    day = (_START + datetime.timedelta(minutes=moment % _MINUTES)).replace(tzinfo=found[0])
    here = day.replace(hour=int(clock[1]), minute=int(clock[2]))
    return f"{here.astimezone(found[1]):%H:%M}"
