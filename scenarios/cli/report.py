"""``oncotwin report``: the page for the tumour board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli import sizes
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session
from scenarios.cli.voice import Voice

Pdf = Annotated[bool, typer.Option("--pdf", help="Also report.pdf, the same page on A4.")]
Gltf = Annotated[bool, typer.Option("--gltf", help="Also gltf/*.glb, the solids for other viewers.")]


def report(
    results: o.Results,
    out: o.Elsewhere = None,
    pdf: Pdf = False,
    gltf: Gltf = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Make report.html, one file that opens offline, from what the earlier steps wrote."""
    voice = Voice(json, quiet)
    target = out or results
    _check_printer(pdf)
    if gltf:
        from twin.report.gltf import mesher_here

        mesher_here()
        sizes.no_images(results, "report --gltf", "its solids are cut out of images")
    page = step(results, target, Session(voice))
    made: dict[str, object] = {"report": page}
    if pdf:
        from twin.report.paper import write_pdf

        made["pdf"] = write_pdf(page)
        voice.say(f"PDF: {made['pdf']}")
    if gltf:
        from twin.report.gltf import write_gltf

        made["gltf"] = write_gltf(results, target)
        voice.say(f"glTF: {target / 'gltf'}")
    voice.result(made)
    voice.last(f"Report: {page}")


def _renew_track(results: Path) -> None:
    """The track record as the ledger has it now, where one was made. DataRefused where the ledger was changed."""
    from calibration.ledger.chain import Ledger
    from calibration.ledger.track import TRACK, save_track

    if (results / TRACK).exists() and Ledger(results).path.exists():
        save_track(Ledger(results))


def _check_printer(pdf: bool) -> None:
    """Refuse a PDF that cannot be made before the page is drawn, not after."""
    if pdf:
        from twin.report.paper import printer_here

        printer_here()


def step(results: Path, out: Path, session: Session) -> Path:
    """Draw the page into ``out`` and leave a manifest; the path of the page."""
    from twin.provenance import Manifest
    from twin.store import missing

    if not (results / "calibration.json").exists():
        raise missing(results / "calibration.json")
    from twin.report import build_report

    _renew_track(results)
    if sizes.only_sizes(results):
        return sizes.report(results, out)
    manifest = Manifest("report", {})
    manifest.add_inputs(sorted([*results.glob("*.zarr"), *results.glob("c*.json"), *results.glob("s*.json")]), results)
    with resumable("everything computed before is kept"):
        page = build_report(results, out, session.voice.progress)
    manifest.write(out)
    return page
