"""report.html in a real browser: the list is drawn, filtered and opened, and nothing that was written runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from tooltune.evaluate.results import Evaluation
from tooltune.report.html import write_page
from tooltune.report.write import report_data

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium is installed: report.html is not opened in a browser"
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
NASTY = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


@pytest.fixture
def opened(tmp_path: Path, profile: Path, base: Evaluation, tuned: Evaluation) -> Callable[[str], str]:
    """Opens the report at a fragment; returns the page's elements after its script ran."""
    first, *rest = tuned.results
    item = replace(first.item, messages=(replace(first.item.messages[0], content=NASTY),))
    tuned = Evaluation("tuned", (replace(first, item=item, text=NASTY), *rest))
    base = Evaluation("base", (replace(base.results[0], item=item), *base.results[1:]))
    write_page(tmp_path, report_data(base, tuned, {}))
    address = (tmp_path / "report.html").as_uri()

    def dump(fragment: str) -> str:
        command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", address + fragment]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout

    return dump


def status(page: str) -> str:
    (text,) = re.findall(r'<p id="count"[^>]*>([^<]*)</p>', page)
    return str(text)


def test_all_items_and_then_some(opened: Callable[[str], str]) -> None:
    page = opened("")
    assert status(page) == "37 of 37 items match."
    assert page.count("<li><details>") == 37
    assert "<title>Evaluation: base and tuned</title>" in page
    page = opened("#verdict=broken")
    assert status(page) == "1 of 37 items match."
    page = opened("#text=tokyo+today&scenario=single_call")
    assert status(page) == "1 of 37 items match."


def test_an_opened_item_shows_everything_as_text(opened: Callable[[str], str]) -> None:
    page = opened("#text=onerror")
    assert status(page) == "1 of 37 items match."
    assert "<title>Evaluation: base and tuned</title>" in page
    assert not re.search("<img", page.partition('<script type="application/json"')[0])
    (item,) = re.findall(r'<ol id="list">(.*?)</ol>', page, re.DOTALL)
    texts = [unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", item, re.DOTALL)]
    assert texts.count(NASTY) == 2
    assert '{\n  "city": "Oslo"\n}' in " ".join(texts)


def test_the_difference_is_marked_by_argument(opened: Callable[[str], str]) -> None:
    page = opened("#failure=wrong_value&text=tokyo+now")
    assert status(page) == "1 of 37 items match."
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition('<table class="difference">')[2], re.DOTALL)
    cells = [unescape(re.sub("<[^>]*>", "|", row)).strip("|") for row in rows]
    assert [re.sub(r"\|+", "|", cell) for cell in cells[:2]] == [
        "Argument|Expected|Called|Verdict",
        'city|"Tokyo"|"oslo"|✗ different value',
    ]
