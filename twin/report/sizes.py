"""The page of a patient of whom only sizes are known: one self-contained HTML file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from twin import RESEARCH_USE_ONLY, __version__
from twin.case.stored_plan import plan_of
from twin.report import numbers as n
from twin.report.build import HERE, template
from twin.report.charts import densities_of
from twin.report.record import record_table
from twin.report.results import TRACK
from twin.report.tables import parameter_rows
from twin.store import load_dataset, load_json, save_text
from twin.visual.densities import density_svg
from twin.visual.fan import Course, Observation, fan_svg, shared_axes
from twin.visual.palette import REFERENCE
from twin.visual.tracks import Given, of_plan, rows_of

LIMITS = (
    "The forecast comes from one lesion's sizes and the listed treatments: it knows no image, no place, no other lesion and "
    "no symptom. New lesions and non-target lesions, which RECIST counts as well, are not in it.",
    "A volume counts as the diameter of a ball and a diameter as the volume of one; lesions are no balls, so a category "
    "near a limit can be the other one on the scan.",
    "The growth law is a hypothesis; its discrepancy is inferred from this series and from what 622 other lesions taught, "
    "and with few readings most numbers keep their prior.",
    "Nothing here is a statement about survival or has been validated for clinical use. Intended use: research, teaching.",
)


@dataclass(frozen=True)
class SizeResults:
    """What calibrate left of a case of sizes."""

    series: dict[str, Any] = field(repr=False)
    calibration: dict[str, Any] = field(repr=False)
    posterior: xr.Dataset = field(repr=False)
    fit: xr.Dataset = field(repr=False)
    track: dict[str, Any] | None = field(repr=False, default=None)
    tissues: tuple[str, ...] = ()

    @property
    def given(self) -> tuple[Given, ...]:
        """What is given up to the forecast's last day."""
        last = float(self.fit["t"][-1])
        return tuple(g for g in of_plan(plan_of(self.series["treatments"], {})) if g.day <= last)


def build_size_report(
    folder: Path, out: Path, categories: Sequence[Mapping[str, Any]] = (), chances: Mapping[str, float] | None = None
) -> Path:
    """Write ``report.html`` into ``out`` from the results of a case of sizes, and return its path.

    ``categories`` (day, diameter_mm, category, rule of each reading) and ``chances`` (share of the draws in each category on
    the last day) are of the caller's response criteria.
    """
    results = SizeResults(
        load_json(folder / "sizes.json"),
        load_json(folder / "calibration.json"),
        load_dataset(folder / "posterior.zarr").load(),
        load_dataset(folder / "fit.zarr").load(),
        load_json(folder / TRACK) if (folder / TRACK).exists() else None,
    )
    page = template("sizes.html.j2").render(_context(results, categories, chances or {}))
    return save_text(out / "report.html", page)


def _context(results: SizeResults, categories: Sequence[Mapping[str, Any]], chances: Mapping[str, float]) -> dict[str, Any]:
    from markupsafe import Markup

    low, middle, high = n.summary(results.fit["volume_ml"].values[:, -1])
    return {
        "notice": RESEARCH_USE_ONLY,
        "version": __version__,
        "built": datetime.datetime.now(datetime.UTC).strftime("%d %B %Y, %H:%M UTC"),
        "css": Markup((HERE / "page.css").read_text(encoding="utf-8")),
        "series": results.series,
        "calibration": results.calibration,
        "decision_day": results.calibration["decision_day"],
        "horizon_day": float(results.fit["t"][-1]),
        "expected": (n.volume(middle), f"{n.volume(low)} – {n.volume(high)}"),
        "fan": Markup(_fan(results)),
        "given": rows_of(results.given),
        "record": record_table(results.track, "reading"),
        "readings": _readings(results, categories),
        "chances": [(category, n.share(share)) for category, share in chances.items()],
        "parameters": parameter_rows(results),
        "densities": {d.name: Markup(density_svg(d)) for d in densities_of(results)},
        "draws": int(results.posterior.sizes["draw"]),
        "limits": LIMITS,
    }


def _fan(results: SizeResults) -> str:
    fit, visits = results.fit, results.calibration["visits"]
    course = Course("fit", "Volume as it will be read", REFERENCE, fit["t"].values, fit["volume_ml"].values, results.given)
    observed = [Observation(v["day"], v["observed_volume_ml"], v["held_out"]) for v in visits]
    axes = shared_axes([course], observed, results.calibration["decision_day"], 0.001)
    return fan_svg(course, axes, observed, None, alone=True)


def _readings(results: SizeResults, categories: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known, rows = {c["day"]: c for c in categories}, []
    for visit in results.calibration["visits"]:
        twin, found = (visit.get("scores") or {}).get("twin"), known.get(visit["day"])
        interval = "" if not twin else f"{n.volume(twin['volume_low_ml'])} – {n.volume(twin['volume_high_ml'])}"
        rows.append(
            {
                "day": n.day(visit["day"]),
                "name": visit["name"],
                "role": "held out" if visit["held_out"] else "seen",
                "volume": n.volume(visit["observed_volume_ml"]),
                "diameter": f"{found['diameter_mm']:.1f}" if found else n.NOTHING,
                "twin": n.volume(twin["volume_ml"]) if twin else n.NOTHING,
                "interval": interval,
                "inside": twin["inside_interval"] if twin else None,
                "category": found["category"] if found else n.NOTHING,
                "rule": found["rule"] if found else "",
            }
        )
    return rows
