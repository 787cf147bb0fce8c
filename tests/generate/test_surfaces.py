from random import Random

import pytest

from tooltune.generate.surfaces import join, say, spaced


def forms(name, value, schema=None):
    return {say(name, value, schema or {}, Random(seed)) for seed in range(200)}


def test_a_date_has_spoken_forms():
    assert {"14 March 2025", "March 14, 2025", "March 14th, 2025", "2025-03-14"} <= forms("date", "2025-03-14")
    assert "22nd of March 2025" in forms("date", "2025-03-22")
    assert "11th of March 2025" in forms("date", "2025-03-11")


def test_a_time_has_spoken_forms():
    assert {"15:00", "3 pm", "3pm", "3:00 pm"} <= forms("time", "15:00")
    assert "12:15 am" in forms("time", "00:15")
    assert "9 am" not in forms("time", "09:30")


def test_codes_are_spoken_only_for_what_they_are():
    assert forms("from_currency", "USD") == {"USD", "US dollars"}
    assert forms("symbol", "USD") == {"USD"}
    assert "kilometres" in forms("to_unit", "km", {"enum": ["km"]})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("IN_PROGRESS", "in progress"),
        ("x-ray", "x ray"),
        ("celsius", "celsius"),
        ("EUR", "EUR"),
        ("inProgress", "in progress"),
    ],
)
def test_an_enum_value_in_plain_words(value, said):
    assert forms("state", value, {"enum": [value]}) == {said}


def test_values_that_must_be_copied_are_verbatim():
    assert forms("title", "The Q3_report-v2") == {"The Q3_report-v2"}


def test_numbers_lists_and_objects():
    assert forms("n", 1200) == {"1200", "1,200"}
    assert forms("price", 40_000) == {"40000", "40,000", "40k", "40 thousand"}
    assert forms("population", 2_500_000) == {"2500000", "2,500,000", "2.5 million"}
    assert forms("port", 8000) == {"8000"}
    assert forms("tags", ["a", "b", "c"]) == {"a, b and c"}
    assert forms("address", {"zipCode": "1", "town": "Oslo"}) == {"zip code 1, town Oslo"}


def test_helpers():
    assert [join(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [spaced(n) for n in ("maxResults", "user_id", "from", "URL")] == [
        "max results",
        "user id",
        "from",
        "URL",
    ]


@pytest.mark.parametrize(("name", "about"), [("year", ""), ("port", ""), ("user_id", ""), ("n", "The zip code")])
def test_numbers_that_are_names_take_no_comma(name, about):
    assert forms(name, 12345, {"type": "integer", "description": about}) == {"12345"}


def test_numbers_are_said_without_needless_digits():
    assert forms("n", 20.0) == {"20"}
    assert forms("n", 1e-7) == {"0.0000001"}
    assert forms("tax_rate", 0.15, {"minimum": 0, "maximum": 1}) == {"15%", "0.15"}
    assert forms("tax_rate", 0.155, {"description": "fraction"}) == {"0.155"}
    assert forms("x", 0.15) == {"0.15"}


def test_durations_and_clock_times_with_a_zone():
    assert forms("d", "PT1H30M", {"format": "duration"}) == {"an hour and a half", "1 hour 30 minutes"}
    assert forms("d", "PT90S", {"format": "duration"}) == {"90 seconds"}
    assert forms("d", "Please", {"format": "duration"}) == {"Please"}
    assert {"3 pm UTC", "15:00 UTC"} <= forms("t", "15:00:00Z", {"format": "time"})


def test_codes_of_languages_and_countries():
    assert forms("lang", "it") == {"Italian"}
    assert forms("country_code", "NO") == {"NO", "Norway"}
    assert forms("word", "it") == {"it"}


def test_objects_in_readable_words():
    assert forms("x", {"sku": "S-1", "quantity": 3}) == {"S-1 (quantity 3)"}
    assert forms("x", {"path": "a.py", "content": "All done"}) == {'a.py (content "All done")'}
    assert forms("x", {"oldText": "a", "newText": "b"}) == {'"a" with "b"'}
    assert forms("x", {"gift": True, "fast": False}) == {"gift, not fast"}
