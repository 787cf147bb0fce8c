"""Put report.html together: data, templates, style and script in one file that needs nothing else.

A Content-Security-Policy names the hashes of the page's own style and script and forbids everything
else, so that nothing a user or a model wrote can run, and nothing is fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tooltune.evaluate.statistics import TOO_SMALL, Rate
from tooltune.files import write_text
from tooltune.report.comparison import show_p
from tooltune.report.disagreement import READING, TITLE
from tooltune.report.html import charts, tables
from tooltune.report.html.beside import difference_table, disagreement_tables, policy_table
from tooltune.report.html.confusion import confusion
from tooltune.report.html.conversations import conversations
from tooltune.report.html.data import data_tables, facts_table
from tooltune.report.html.items import compared, items_data

FILE = "report.html"
Data = Mapping[str, Any]


def write_page(folder: Path, data: Data) -> None:
    """Write report.html into `folder`, with the training log and manifest that lie there, if they are this run's.

    Args:
        folder: where report.json lies.
        data: what it holds.

    Raises:
        OutputError: the file cannot be written.
    """
    manifest = _read(folder / "manifest.json")
    belongs = isinstance(manifest, dict) and manifest.get("config") == data.get("run", {}).get("config")
    history = _read(folder / "history.json") if belongs else None
    page = html_page(data, history if isinstance(history, list) else (), manifest if belongs else None)
    write_text(folder / FILE, page)


def html_page(data: Data, history: Sequence[Data] = (), manifest: Data | None = None) -> str:
    """The page.

    Args:
        data: report.json; keys that are not known are left alone, or shown where they hold rates.
        history: a Trainer's `log_history`.
        manifest: of the run, if there is one; otherwise what report.json says of the run is shown.
    """
    listed = items_data(data)
    labels, held = list(listed["models"].values()), conversations(data)
    metrics = tables.metric_lines(data)
    right = next((line for line in metrics if line.key == "right"), None)
    run = data.get("run") or {}
    template = _environment().get_template("page.html.jinja")
    return template.render(
        _inlined(),
        models=labels,
        subject=_subject(listed["models"]),
        headline=_headline(listed["models"], right),
        right=right,
        metrics=metrics,
        difference=difference_table(data),
        policies=policy_table(data),
        disagreements=disagreement_tables(data),
        disagreement_reading=READING,
        disagreement_title=TITLE,
        held=held,
        named=labels or (held.labels if held else []),
        breakdowns=tables.breakdowns(data),
        failures=tables.failures(data),
        matrices=[confusion(listed["items"], key, label) for key, label in listed["models"].items()],
        charts=charts.charts(history),
        size=charts,
        data=data_tables(run.get("data") or {}),
        run=facts_table("Versions, settings, durations", manifest or run),
        listed=listed,
        scenarios=sorted({item["scenario"] for item in listed["items"]}),
        too_small=TOO_SMALL,
    )


def _subject(models: Mapping[str, str]) -> str:
    """What the model that the report is about is called."""
    return models[compared(list(models))[0]] if models else ""


def _headline(models: Mapping[str, str], right: tables.Line | None) -> list[tuple[str, Rate]]:
    """Each model's right decisions, those of the model that the report is about first."""
    rates = dict(zip(models, right.rates, strict=True)) if right else {}
    order = sorted(rates, key=lambda name: name != compared(list(models))[0])
    return [(models[name], rates[name]) for name in order if rates[name].n]


def _inlined() -> dict[str, str]:
    """Style and script as text for the page, and the hashes that allow them."""
    style, script = (_source(name) for name in ("report.css", "report.js"))
    return {
        "style": Markup(style),
        "script": Markup(script),
        "style_hash": _csp_hash(style),
        "script_hash": _csp_hash(script),
    }


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tooltune.report", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Readable text in any script; `tojson` still escapes what could end a script element.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters["p_value"] = show_p
    return environment


def _source(name: str) -> str:
    return files("tooltune.report.html").joinpath(name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """The source expression of a Content-Security-Policy that allows exactly this inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _read(path: Path) -> Any:
    """What lies there, or None: the page is written without it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
