"""report.html: one file, whole, safe and usable, whatever was evaluated."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tooltune.evaluate.results import Evaluation
from tooltune.report.html import html_page, write_page
from tooltune.report.write import report_data

VOID = {"meta", "link", "input", "br"}
NASTY = (
    """</script><script>alert(1)</script><!-- <b onclick="x">'&amp; \u2028 \ud83d\ude00 {{ 7 * 7 }} http://x.example/"""
)
HISTORY = [{"step": 5, "loss": 2.0}, {"step": 10, "loss": 1.0}, {"step": 10, "eval_loss": 1.5}]


class Page(HTMLParser):
    """The elements of a page: (tag, attributes), the text of some, and whether all are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.inside: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.inside[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(base: Evaluation | None, tuned: Evaluation | None, run: dict[str, Any] | None = None) -> Page:
    return Page(html_page(report_data(base, tuned, run or {}), HISTORY))


def listed(page: Page) -> dict[str, Any]:
    """The data of the list of items."""
    return json.loads(page.inside["script"][0])  # type: ignore[no-any-return]


def test_every_section_stands_there(base: Evaluation, tuned: Evaluation, run: dict[str, Any]) -> None:
    data = {"scenarios": {"train": {"single": 3}}, "generation": {"dropped": {"duplicate": 2}}, "split_by": "family"}
    page = page_of(base, tuned, run | {"data": data})
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == [
        "results",
        "by-scenarios",
        "by-tools",
        "by-arguments",
        "failures",
        "disagreements",
        "confusion",
        "training",
        "data",
        "items",
        "run",
    ]
    text = " ".join(page.inside["main"][0].split())
    assert "tuned decides rightly in 31 of 37 cases: 83.8 %, 95 % interval 68.9 to 92.3." in text
    assert "The difference is hardly chance: p < 0.001" in text
    assert re.search(r"Exact call.{,99}items that expect calls ?13\.8 % 5\.5 to 30\.6 ?4 of 29", text)
    assert "training from 2 at step 5 to 1 at step 10" in text
    assert "duplicate2" in text
    assert "adapter.rank32" in text


def test_every_item_is_listed_with_its_replies(base: Evaluation, tuned: Evaluation) -> None:
    data = listed(page_of(base, tuned))
    assert [item["id"] for item in data["items"]] == [result.item.id for result in tuned.results]
    assert len(data["tools"]) == 2
    for item, before, after in zip(data["items"], base.results, tuned.results, strict=True):
        assert item["replies"]["base"]["text"] == before.text
        assert item["verdict"] == ("right" if after.right else "wrong")
        changes = {(False, True): "fixed", (True, False): "broken"}
        assert item["change"] == changes.get((before.right, after.right), "")
    assert data["items"][5]["replies"]["tuned"]["pairs"] == [[0, 0, {"city": "different"}]]


def test_the_tuned_model_is_the_subject_wherever_it_stands(base: Evaluation, tuned: Evaluation) -> None:
    data = report_data(base, tuned, {})
    data["models"]["abstain"] = data["models"]["base"] | {"label": "always abstains"}
    page = Page(html_page(data))
    text = page.inside["main"][0]
    assert text.index("tuned decides") < text.index("SmolLM2-135M decides") < text.index("always abstains decides")
    assert "tuned is wrong" in text
    assert listed(page)["items"] == listed(page_of(base, tuned))["items"]


@pytest.mark.parametrize("models", ["base", "tuned", "none", "empty"])
def test_one_model_or_none(base: Evaluation, tuned: Evaluation, models: str) -> None:
    made = {"base": (base, None), "tuned": (None, tuned), "none": (None, None), "empty": (Evaluation("base", ()), None)}
    page = page_of(*made[models])
    text = page.inside["main"][0]
    assert "McNemar" not in text
    assert "changed by tuning" not in text
    assert ("was evaluated" in text) == (models in ("none", "empty"))


def test_what_users_and_models_wrote_stays_text(tuned: Evaluation) -> None:
    first, *rest = tuned.results
    message = replace(first.item.messages[0], content=NASTY)
    tool = replace(first.item.tools[0], description=NASTY)
    item = replace(first.item, messages=(message,), scenario=NASTY, tools=(tool,))
    nasty = Evaluation(NASTY, (replace(first, item=item, text=NASTY), *rest))
    page = page_of(None, nasty, {NASTY: NASTY, "data": {"scenarios": {"train": {NASTY: 1}}}})
    assert len(page.all("script")) == 2
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.all("b")[0] == {}
    assert NASTY in page.inside["title"][0]
    found = listed(page)
    assert found["items"][0]["replies"]["tuned"]["text"] == NASTY
    assert found["items"][0]["messages"][0]["content"] == NASTY
    assert found["models"]["tuned"] == NASTY


def test_half_a_character_is_written(tmp_path: Path, tuned: Evaluation) -> None:
    """A model cut off inside an emoji leaves a lone surrogate, which UTF-8 cannot hold."""
    first, *rest = tuned.results
    write_page(tmp_path, report_data(None, Evaluation("tuned", (replace(first, text="\ud83d"), *rest)), {}))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert listed(page)["items"][0]["replies"]["tuned"]["text"] == "\ud83d"


def test_nothing_is_fetched_and_nothing_else_runs(base: Evaluation, tuned: Evaluation, run: dict[str, Any]) -> None:
    page = page_of(base, tuned, run)
    for _, attributes in page.elements:
        assert not {"src", "srcset", "style", "action", "data", "poster"} & set(attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert not re.search(r"url\(|@import", page.inside["style"][0])
    (policy,) = (a["content"] or "" for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind, text in (("script", page.inside["script"][1]), ("style", page.inside["style"][0])):
        hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{hashed}'" in policy


def test_it_can_be_read_aloud_and_walked_with_keys(base: Evaluation, tuned: Evaluation, run: dict[str, Any]) -> None:
    page = page_of(base, tuned, run | {"data": {"path": "d.jsonl"}})
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("h1", "main", "header", "nav", "title")] == [
        1,
        1,
        1,
        1,
        1 + len(drawn(page)),
    ]
    identities = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identities) == len(set(identities))
    for _, attributes in page.elements:
        assert attributes.get("aria-labelledby", identities[0]) in identities
    links = {(a["href"] or "")[1:] for a in page.all("a") if a.get("class") != "only"}
    assert links <= set(identities)
    assert all(
        (a.get("role") == "img" and a.get("aria-label")) or a.get("aria-hidden") == "true" for a in page.all("svg")
    )
    assert len(page.all("label")) == len(page.all("input")) + len(page.all("select"))
    assert [a for _, a in page.elements if a.get("aria-live")] == [
        {"id": "count", "role": "status", "aria-live": "polite"}
    ]
    scrolling = [a for a in page.all("div") if a.get("class") == "wide"]
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in scrolling)
    assert (
        len({a["aria-label"] for a in scrolling})
        == len(scrolling)
        == len(page.all("caption"))
        == len(page.all("table"))
    )


def drawn(page: Page) -> list[str]:
    """The texts of the bars' tooltips, which are title elements too."""
    return [text for text in page.inside["title"] if re.fullmatch(r"\w+: \d+", text)]


def test_the_bars_add_up(base: Evaluation, tuned: Evaluation) -> None:
    page = page_of(base, tuned)
    counts = [int(text.rpartition(" ")[2]) for text in drawn(page)]
    assert sum(counts) == len(base.results) + len(tuned.results)
    widths = [float((a["width"] or "").rstrip("%")) for a in page.all("rect") if a["height"] == "28"]
    assert sum(widths) == pytest.approx(200, abs=0.1)


def test_training_and_manifest_are_shown_only_where_they_are_this_runs(tmp_path: Path, tuned: Evaluation) -> None:
    (tmp_path / "history.json").write_text(json.dumps(HISTORY))
    (tmp_path / "manifest.json").write_text(json.dumps({"config": {"seed": 1}, "versions": {"torch": "9.9"}}))
    for seed, shown in ((1, True), (2, False)):
        write_page(tmp_path, report_data(None, tuned, {"config": {"seed": seed}}))
        text = (tmp_path / "report.html").read_text()
        assert ("versions.torch" in text) == shown
        assert ('id="training"' in text) == shown
    (tmp_path / "manifest.json").write_text("{")
    write_page(tmp_path, report_data(None, tuned, {"config": {"seed": 1}}))
    assert "config.seed" in (tmp_path / "report.html").read_text()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: the page's script is not parsed")
def test_the_script_parses(tmp_path: Path, tuned: Evaluation) -> None:
    script = tmp_path / "report.js"
    script.write_text(page_of(None, tuned).inside["script"][1])
    done = subprocess.run(["node", "--check", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
