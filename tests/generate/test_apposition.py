from random import Random

import pytest

from tooltune.generate.apposition import in_place
from tooltune.generate.catalogue.draw import as_phrasing, as_tool, without_article
from tooltune.generate.catalogue.read import Entry, entries
from tooltune.generate.phrasing import Frame
from tooltune.generate.speech import Speaker, speak
from tooltune.generate.templates import Gap, parse_template


def forms(sentence, said, noun, value=None):
    parts = parse_template(sentence).parts
    at = next(i for i, part in enumerate(parts) if isinstance(part, Gap))
    return {in_place(said, value or said, noun, at, parts, Random(seed)) for seed in range(60)}


def test_a_name_may_stand_with_the_word_for_what_it_names():
    assert forms("Play {x}, please.", "Hurt", "song") == {"Hurt", "the song Hurt"}
    assert forms("Who won for {x}?", "Ajax", "name of the team") == {"Ajax", "the team Ajax", "the Ajax team"}
    assert forms("The weather in {x}?", "Oslo", "city") == {"Oslo", "the city of Oslo"}
    assert forms("Is {x} open?", "the Prado", "museum or sight", "Prado") == {"the Prado"}, "it goes on"
    assert forms("Tickets for {x}, please", "the Prado", "museum", "Prado") == {"the Prado", "the Prado museum"}


@pytest.mark.parametrize(
    ("sentence", "said", "noun"),
    [
        ("Play the song {x}.", "Hurt", "song"),  # it stands there already
        ("Play {x} songs.", "Hurt", "song"),
        ("Play my {x}.", "Hurt", "song"),  # "my the song Hurt"
        ("Tickets for {x}.", "Van Gogh Museum", "museum"),  # the name holds it
        ("Play {x}.", "some jazz", "song"),  # no name
        ("Weather in {x} weather.", "Oslo", "city"),
        ("Send it to {x}.", "Ada", "person"),
        ("Send it to {x}.", "Ada", ""),
    ],
)
def test_other_names_stay_as_they_are(sentence, said, noun):
    assert forms(sentence, said, noun) == {said}


def test_behind_its_noun_or_in_quotes_a_name_has_no_article():
    assert forms("The museum {x} opens", "the Prado", "museum", "Prado") == {"Prado"}
    assert forms('Find "{x}" again', "the Prado", "museum", "Prado") == {"Prado"}


ENTRY = {
    "name": "get_hours", "description": "Opening hours.", "does": "look up hours",
    "parameters": {
        "museum": {"type": "string", "required": True}, "things": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string"},
    },
    "values": {"museum": ["the Prado", "Theatre the Second"], "things": ["a pool", "an attic"], "note": ["the end"]},
    "verbatim": ["note"],
    "requests": ["Hours of {museum}[ with {things}]?"] * 6, "clauses": ["find {museum}"] * 2,
}  # fmt: skip


def test_a_call_holds_a_value_without_its_article_and_a_text_as_it_is():
    entry = Entry.model_validate(ENTRY)
    phrasing = as_phrasing(entry)
    assert phrasing.values == {
        "museum": ("Prado", "Theatre the Second"), "things": ("pool", "attic"), "note": ("the end",)
    }  # fmt: skip
    frame = Frame("", parse_template("Hours of {museum} with {things}?"))
    spoken = [speak(frame, {"": Speaker(as_tool(entry), phrasing)}, Random(seed)) for seed in range(20)]
    for one in spoken:
        (arguments,) = one.arguments[""]
        assert ("the Prado" in one.text) == (arguments["museum"] == "Prado")
        assert all(f"a {thing}" in one.text or f"an {thing}" in one.text for thing in arguments["things"])
    assert any("a pool and an attic" in one.text or "an attic and a pool" in one.text for one in spoken)
    assert without_article("my violin case") == "violin case"
    assert without_article("Another") == "Another"


def test_no_name_of_the_catalogue_begins_with_an_article():
    for entry in entries():
        for path, values in as_phrasing(entry).values.items():
            if path not in entry.verbatim and not isinstance(values, str):
                assert not [v for v in values if isinstance(v, str) and v.startswith(("the ", "a ", "an ", "my "))]
