"""``oncotwin report``: the page for the tumour board."""

from __future__ import annotations

from pathlib import Path

from scenarios.cli import options as o
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session
from scenarios.cli.sizes import no_images
from scenarios.cli.voice import Voice


def report(
    results: o.Results, out: o.Elsewhere = None, json: o.Json = False, quiet: o.Quiet = False, debug: o.Debug = False
) -> None:
    """Make report.html, one file that opens offline, from what the earlier steps wrote."""
    voice = Voice(json, quiet)
    page = step(results, out or results, Session(voice))
    voice.result({"report": page})
    voice.last(f"Report: {page}")


def step(results: Path, out: Path, session: Session) -> Path:
    """Draw the page into ``out`` and leave a manifest; the path of the page."""
    from twin.provenance import Manifest
    from twin.store import missing

    no_images(results, "report")
    if not (results / "calibration.json").exists():
        raise missing(results / "calibration.json")
    from twin.report import build_report

    manifest = Manifest("report", {})
    manifest.add_inputs(sorted([*results.glob("*.zarr"), *results.glob("c*.json"), *results.glob("s*.json")]), results)
    with resumable("everything computed before is kept"):
        page = build_report(results, out, session.voice.progress)
    manifest.write(out)
    return page
