"""A glioblastoma that another group simulated: forecast of day 56 from days 0 and 28, and the parameters they used."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibrate import calibrate
from calibration.calibration import Calibration
from calibration.scores import ccc
from calibration.study import Check, Page, Row, Study, studies

CASE = Path(__file__).resolve().parents[2] / "docs/tutorials/cases/glioma/case.yaml"
TRUTH = {"diffusivity_mm2_per_day": 0.09, "proliferation_per_day": 0.09}
ANY_CELLS = 0.02


@studies.register("glioma")
class Glioma(Study):
    """Calibrated as any patient is (``oncotwin calibrate`` on the committed case file)."""

    title = "Another group's glioma"
    data = "glioma-known-truth"

    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        return [f"seed {seed}"]

    def measure(self, key: str, data: Path | None) -> Row:
        assert data is not None
        with tempfile.TemporaryDirectory() as work:
            patient = committed_case(CASE, data, Path(work))
            twin = calibrate(patient, Path(work) / "results", evaluations=64, draws=100, seed=int(key.split()[-1]))
            return {"ccc": any_cells_ccc(twin), "visits": twin.summary["visits"], "parameters": _parameters(twin)}

    def page(self, rows: Sequence[Row]) -> Page:
        (row,) = rows
        held_out = row["visits"][-1]["scores"]
        checks = [Check("CCC of day 56, every voxel with cells", row["ccc"], 0.95)]
        checks.append(Check("CCC of day 56, visible tumour", held_out["twin"]["ccc"]))
        checks.append(Check("CCC of day 56, visible tumour, no change", held_out["no_change"]["ccc"]))
        for name, true in TRUTH.items():
            low, high = row["parameters"][name]
            checks.append(Check(f"true {name}, 90 % interval of the draws", true, low, high))
        return Page(tuple(checks), WORDS)


WORDS = f"""A synthetic glioblastoma made by another group's finite-difference code (C. Christenson, RNL_responseModel, MIT
licence), with its parameters known. Days 0 and 28 are shown to the calibration, day 56 is held out. Every voxel with more
than {100 * ANY_CELLS:.0f} % predicted or any observed cells counts in the first line, as others who fitted these data
count; in the second, the union of the predicted and the observed visible tumour."""


def committed_case(case: Path, data: Path, work: Path):
    """The patient of a committed case file over the images in ``data`` (linked, not copied)."""
    from twin.case import load_case

    folder = work / "case"
    folder.mkdir()
    for item in data.iterdir():
        (folder / item.name).symlink_to(item.resolve())
    (folder / "case.yaml").write_text(case.read_text())
    return load_case(folder)


def any_cells_ccc(twin: Calibration) -> float:
    """Of the last visit, over every voxel with cells."""
    last = twin.fit.isel(visit=-1)
    predicted, observed = last["predicted_fraction"].values, last["observed_fraction"].values
    return ccc(predicted, observed, (predicted > ANY_CELLS) | (np.nan_to_num(observed) > 0))


def _parameters(twin: Calibration) -> dict[str, Any]:
    values = twin.posterior["value"].quantile([0.05, 0.95], dim="draw")
    return {str(n): values.sel(parameter=n).values for n in twin.posterior["parameter"].values}
