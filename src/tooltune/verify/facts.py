"""Read dates, times and numbers out of plain text, independently of how the text was written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tooltune.verify.lexicon import MONTHS, NUMBER_WORDS

_MONTH = {name[:length].lower(): i + 1 for i, name in enumerate(MONTHS) for length in (3, len(name))} | {"sept": 9}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{_NAMES})\.?,? (?P<y>\d{{4}})\b"),
    re.compile(rf"\b(?P<m>{_NAMES})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})\b"),
)
_TIMES = (
    re.compile(r"\b(?P<h>\d{1,2})(?::(?P<min>\d\d))? ?(?P<half>am|pm|a\.m\.|p\.m\.)(?!\w)"),
    re.compile(r"(?<![\d:])(?P<h>\d{1,2}):(?P<min>\d\d)(?::\d\d)?(?![\d:])"),
    re.compile(r"\b(?P<word>noon|midnight)\b"),
)
_NUMBER = re.compile(r"(?<![\w.])[-\u2212]?\d+(?:\.\d+)?(?=%|\b)")
PERCENT = re.compile(r" ?%| per ?cent\b")
"""What makes a percentage of the number before it."""
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SIZES = {"thousand": 1e3, "k": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_LARGE = re.compile(rf"(?<![\w.])(?P<n>\d+(?:\.\d+)?) ?(?P<size>{'|'.join(_SIZES)})\b")
""" "2.5 million", "40k"."""
_WORD = re.compile(r"[a-z]+")
_ISO_DURATION = re.compile(
    r"\bp(?=[\dt])(?:(?P<w>\d+)w)?(?:(?P<d>\d+)d)?(?:t(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?)?\b"
)
_SECONDS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1}
_UNIT = r"(?P<unit>week|day|hour|minute|second)s?\b"
_SPAN = re.compile(rf"\b(?P<n>\d+(?:\.\d+)?|half an?|an?|[a-z]+) {_UNIT}(?P<half> and a half)?")


def normalise(text: str) -> str:
    """Lower case, single spaces, straight quotes."""
    return " ".join(text.lower().replace("\u2019", "'").replace("\u201c", '"').replace("\u201d", '"').split())


@dataclass
class Facts:
    """What a text states: the text itself, and the dates, times and numbers read from it."""

    text: str = ""
    dates: set[str] = field(default_factory=set)
    """ISO dates, YYYY-MM-DD."""
    times: set[str] = field(default_factory=set)
    """HH:MM, 24 hours."""
    numbers: set[float] = field(default_factory=set)
    """A percentage counts both as written and as a fraction."""

    @classmethod
    def read(cls, text: str) -> Facts:
        """Read a text. What belongs to a date or a time is no number."""
        facts = cls(normalise(text))
        rest = facts.text
        if _DIGIT.search(rest):
            rest = facts._take_figures(rest)
        else:  # most texts: no date, number or time is without a digit, but noon and midnight
            facts.times = {_clock(found) for found in _TIMES[-1].finditer(rest)}
        facts.numbers |= {NUMBER_WORDS[word] for word in NUMBER_WORDS.keys() & set(_WORD.findall(rest))}
        return facts

    def _take_figures(self, text: str) -> str:
        rest = self._take_dates(text)
        for found in _ISO_DURATION.finditer(rest):
            self.numbers |= {float(n) for n in found.groups() if n}
        rest = self._take_large(_THOUSANDS.sub("", self._take_times(rest)))
        for found in _NUMBER.finditer(rest):
            self._add_number(found[0], bool(PERCENT.match(rest, found.end())))
        return rest

    def _take_large(self, text: str) -> str:
        for found in _LARGE.finditer(text):
            self.numbers.add(round(float(found["n"]) * _SIZES[found["size"]], 6))
        return _LARGE.sub(" ", text)

    def add(self, other: Facts) -> None:
        """Take in what another text states."""
        self.text += "\n" + other.text
        self.dates |= other.dates
        self.times |= other.times
        self.numbers |= other.numbers

    def durations(self) -> set[float]:
        """Spans of time in seconds: "an hour and a half", and "1 hour 30 minutes" as one."""
        found: set[float] = set()
        total, end = 0.0, -1
        for span in _SPAN.finditer(self.text):
            seconds = _seconds(span)
            if seconds is None:
                continue
            joined = self.text[end : span.start()] in (" ", " and ", ", ") if end >= 0 else False
            total, end = (total if joined else 0.0) + seconds, span.end()
            found |= {seconds, total}
        return found

    def _add_number(self, text: str, percent: bool) -> None:
        number = float(text.replace("\u2212", "-"))
        self.numbers |= {number, round(number / 100, 6)} if percent else {number}

    def _take_dates(self, text: str) -> str:
        for pattern in _DATES:
            for found in pattern.finditer(text):
                month = int(found["m"]) if found["m"].isdigit() else _MONTH[found["m"]]
                self.dates.add(f"{found['y']}-{month:02d}-{int(found['d']):02d}")
            text = pattern.sub(" ", text)
        return text

    def _take_times(self, text: str) -> str:
        for pattern in _TIMES:
            self.times |= {_clock(found) for found in pattern.finditer(text)}
            text = pattern.sub(" ", text)
        return text


def _seconds(span: re.Match[str]) -> float | None:
    word = span["n"]
    half = 0.5 if span["half"] or word.startswith("half") else 0.0
    if word in ("a", "an"):
        count = 1.0
    elif word.startswith("half"):
        count = 0.0
    elif word[0].isdigit():
        count = float(word)
    elif word in NUMBER_WORDS:
        count = float(NUMBER_WORDS[word])
    else:
        return None
    return (count + half) * _SECONDS[span["unit"]]


def iso_seconds(value: str) -> float | None:
    """The seconds of an ISO 8601 duration of weeks to seconds, or None for any other text."""
    found = _ISO_DURATION.fullmatch(value.lower())
    if not found or not any(found.groups()):
        return None
    units = zip("wdhms", _SECONDS.values(), strict=True)
    return float(sum(int(found[letter] or 0) * seconds for letter, seconds in units))


def _clock(found: re.Match[str]) -> str:
    groups = found.groupdict()
    if groups.get("word"):
        return "12:00" if groups["word"] == "noon" else "00:00"
    hour, minute = int(groups["h"]), int(groups["min"] or 0)
    half = groups.get("half")
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return f"{hour:02d}:{minute:02d}"
