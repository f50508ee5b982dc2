"""``oncotwin slide``: the report as an editable presentation."""

from __future__ import annotations

from scenarios.cli import options as o
from scenarios.cli.voice import Voice


def slide(
    results: o.Results, out: o.Elsewhere = None, json: o.Json = False, quiet: o.Quiet = False, debug: o.Debug = False
) -> None:
    """Make slides.pptx with native tables and charts, and the pictures that `oncotwin report` left."""
    from twin.provenance import Manifest
    from twin.report.deck import write_slides

    voice = Voice(json, quiet)
    manifest = Manifest("slide", {})
    path = write_slides(results, out)
    manifest.add_inputs(sorted([*results.glob("*.zarr"), *results.glob("c*.json"), *results.glob("s*.json")]), results)
    manifest.write(out or results)
    if not ((out or results) / "pictures").exists():
        voice.say("No pictures on the slides: `oncotwin report` draws them.")
    voice.result({"slides": path})
    voice.last(f"Slides: {path}")
