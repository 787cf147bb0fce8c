from zoneinfo import ZoneInfo

import pytest

from tooltune.generate.clock import elsewhere, now_in, zones


def test_time_zones_are_found_among_the_arguments():
    assert [zone.key for zone in zones({"a": "Europe/Oslo", "b": "12:30", "c": "No/Where", "d": 5})] == ["Europe/Oslo"]


def test_one_moment_is_shown_as_each_zone_shows_it():
    # 1 January 2025, 00:00 UTC, and 200 days later at noon.
    assert now_in(ZoneInfo("Asia/Tokyo"), 0) == {"time": "09:00", "date": "2025-01-01"}
    assert now_in(ZoneInfo("America/New_York"), 0) == {"time": "19:00", "date": "2024-12-31"}
    assert now_in(ZoneInfo("Europe/Paris"), 200 * 24 * 60 + 12 * 60) == {"time": "14:00", "date": "2025-07-20"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"source": "Europe/Paris", "time": "08:40", "target": "Europe/London"}, "07:40"),
        ({"source": "Europe/Paris", "time": "23:00", "target": "Asia/Kolkata"}, "03:30"),
        ({"source": "Europe/Paris", "time": "08:40"}, None),
        ({"source": "Europe/Paris", "target": "Europe/London"}, None),
    ],
)
def test_a_time_is_told_in_another_zone(said, expected):
    assert elsewhere(said, 0) == expected
