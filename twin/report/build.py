"""From a RESULTS folder to the page and its pictures."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY, __version__
from twin.progress import Progress
from twin.provenance import Manifest, versions
from twin.report import dose_volume, facts, tables
from twin.report.chances import chance_table
from twin.report.charts import Charts, make_charts
from twin.report.growth import growth_rows
from twin.report.lesions import lesion_rows
from twin.report.organs import organ_table
from twin.report.pictures import Gallery, make_gallery
from twin.report.plain import plain_words
from twin.report.record import record_table
from twin.report.regret import regret_table
from twin.report.response import response_table
from twin.report.results import Results, read_results
from twin.report.rethink import rethink
from twin.report.verdicts import verdict_table
from twin.store import save_text
from twin.visual import palette
from twin.visual.picture import Picture
from twin.visual.structures import structures

HERE = Path(__file__).parent


def build(folder: Path, out: Path, progress: Progress) -> Path:
    """See :func:`twin.report.build_report`."""
    results = read_results(folder)
    manifest = Manifest("report", {"results": folder.name}, seed=None)
    charts = make_charts(results)
    gallery = make_gallery(results, progress)
    save_pictures([*gallery.all(), *charts.files], out / "pictures")
    page = save_text(out / "report.html", render(results, gallery, charts))
    summaries = [folder / name for name in ("calibration.json", "scenarios.json", "patient.json")]
    manifest.add_inputs([p for p in summaries if p.is_file()], folder)
    manifest.write(out)
    return page


def save_pictures(pictures: Iterable[Picture], folder: Path) -> None:
    """Every picture as a PNG of its name; pictures of an earlier report that are no longer made are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {picture.save(folder).name for picture in pictures}
    for old in folder.glob("*.png"):
        if old.name not in written:
            old.unlink()


def render(results: Results, gallery: Gallery, charts: Charts) -> str:
    """The page as one string of HTML, with every picture in it."""
    return template("page.html.j2").render(context(results, gallery, charts))


@functools.cache
def template(name: str) -> Any:
    """A page of this folder, that escapes what it shows and knows no undefined names."""
    import jinja2

    loader = jinja2.FileSystemLoader(HERE)
    strict = jinja2.StrictUndefined
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=strict, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(name)


@functools.cache
def _script() -> str:
    return (HERE / "scene.js").read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """The only script that the page's security policy lets run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _doses(charts: Charts) -> dict[str, Any] | None:
    """The dose-volume histograms as the template shows them."""
    from markupsafe import Markup

    found = charts.doses
    if found is None:
        return None
    return {
        "options": [(o.label, Markup(found.svg(o))) for o in found.options],
        "without": found.without,
        "table": dose_volume.dose_table(found),
        "legend": dose_volume.legend(found),
        "sources": dose_volume.sources(found),
        "limits": any(c.limit or c.mean_limit_gy for o in found.options for c in o.curves),
    }


def context(results: Results, gallery: Gallery, charts: Charts) -> dict[str, Any]:
    """Everything that the template shows."""
    from markupsafe import Markup

    arms, forecasts = tables.arm_rows(results), tables.forecast_rows(results)
    return {
        "notice": RESEARCH_USE_ONLY,
        "version": __version__,
        "built": datetime.datetime.now(datetime.UTC).strftime("%d %B %Y, %H:%M UTC"),
        "css": Markup((HERE / "page.css").read_text(encoding="utf-8")),
        "script": Markup(_script() if gallery.scene else ""),
        "scene_model": Markup(gallery.scene.model if gallery.scene else ""),
        "script_hash": _hash(_script()) if gallery.scene else "",
        "patient": results.patient,
        "decision_day": results.decision_day,
        "horizon_day": results.horizon_day,
        "days_ahead": results.horizon_day - results.decision_day,
        "conclusion": facts.conclusion(results),
        "verdicts": verdict_table(results),
        "tiles": facts.tiles(results),
        "forecast_verdict": facts.forecast_verdict(results),
        "arms": arms,
        "refuted": results.is_refuted,
        "reference": next((a for a in arms if a["is_reference"]), None),
        "ranges": facts.ranges(arms, charts.log),
        "endpoints": tables.endpoint_table(results),
        "comparisons": tables.comparison_rows(results),
        "lesions": lesion_rows(results),
        "chances": chance_table(results),
        "response": response_table(results),
        "organs": organ_table(results),
        "doses": _doses(charts),
        "regret": regret_table(results),
        "rethink": rethink(results),
        "record": record_table(results.track),
        "plain": plain_words(results),
        "margin": (results.study or {}).get("margin_percent"),
        "method": facts.method(results),
        "gallery": gallery,
        "legend": facts.legend(results),
        "palette": palette,
        "organ_signs": [(s.name.replace("_", " "), s.colour) for s in structures(results.patient) if not s.is_target],
        "fans": [(f, Markup(f.svg)) for f in charts.fans],
        "log_scale": charts.log,
        "agreement": Markup(charts.agreement),
        "forecasts": forecasts,
        "rules": any(not e["is_twin"] for row in forecasts for e in row["entries"]),
        "growth": growth_rows(results),
        "parameters": tables.parameter_rows(results),
        "densities": {k: Markup(v) for k, v in charts.densities.items()},
        "calibration": results.calibration,
        "visits": tables.visit_rows(results),
        "problems": facts.problems(results),
        "failed": (results.study or {}).get("failed", []),
        "limits": facts.LIMITS,
        "steps": tables.provenance_rows(results),
        "versions": versions(),
        "citations": facts.citations(results),
        "draws": int(results.posterior.sizes["draw"]),
    }
