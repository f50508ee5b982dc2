"""The solids of every option for other viewers: one glTF file now, and one an option at the horizon."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from twin.errors import OncotwinError
from twin.report.interactive import options_of, surfaces
from twin.report.results import read_results
from twin.visual.figure import slug
from twin.visual.glb import write_glb
from twin.visual.view import view_of


def mesher_here() -> None:
    """Refuse where solids cannot be made; they need PyVista and no graphics."""
    if importlib.util.find_spec("pyvista") is None:
        raise OncotwinError(
            "The solids of --gltf need PyVista, which is not installed.",
            why="the page itself needs none of it",
            remedy="pip install 'oncotwin[visual]', or leave --gltf out",
        )


def write_gltf(folder: Path, out: Path | None = None) -> list[Path]:
    """``gltf/now.glb`` and ``gltf/OPTION.glb`` of a RESULTS folder: organ as glass, organs at risk, probability shells."""
    results = read_results(folder)
    solids = list(surfaces(results, view_of(results.patient)))
    (options, scans), target = options_of(results), (out or folder) / "gltf"
    ids = [a["id"] for a in results.arms] or ["fit"]
    reference = ids.index(results.reference) if results.reference in ids else 0
    wanted = [("now", reference, 0), *((slug(one), i, len(scans) - 1) for i, one in enumerate(ids))]
    target.mkdir(parents=True, exist_ok=True)
    made = []
    for name, option, scan in wanted:
        shown = [s for s in solids if s.option in (None, option) and s.scan in (None, scan)]
        made.append(write_glb(target / f"{name}.glb", shown, f"{options[option].label}, {scans[scan]}"))
    return made
