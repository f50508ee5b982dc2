"""How the twin does on patients that others measured: ``python -m calibration.studies.real_patients DATA_FOLDER``."""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibrate import calibrate
from calibration.calibration import Calibration
from calibration.scores import ccc
from twin import RESEARCH_USE_ONLY
from twin.progress import default
from twin.store import save_text

ROOT = Path(__file__).resolve().parents[2]
ANY_CELLS = 0.02
CASES = {"glioma": "glioma-known-truth", "breast": "breast-chemotherapy"}
TRUTH = {"glioma": {"diffusivity_mm2_per_day": 0.09, "proliferation_per_day": 0.09}}

WORDS = {
    "glioma": """A synthetic glioblastoma made by another group's finite-difference code, with its true parameters known
(C. Christenson, RNL_responseModel, MIT licence). Calibrated on days 0 and 28; day 56 was held out. Its mask is a generous
bulk region (a quarter of its voxels hold no cells), so observed and predicted tumour are both what exceeds a cell fraction
of 0.10. Over the whole mask the twin's CCC on day 56 was 0.990 against 0.654 for no change.""",
    "breast": """A real patient before and after one cycle of neoadjuvant chemotherapy (Wu et al.; Jarrett 2021). There are
only two visits, so these are scores of the fit, not of a forecast: one diffusivity, one proliferation rate and one drug
sensitivity for the whole tumour.""",
}

HEADING = """# Real patients

How the twin does on two patients that were not made by this project. Written by
`python -m calibration.studies.real_patients DATA_FOLDER` ({evaluations} evaluations, seed {seed}) from the case files in
`docs/tutorials/cases`. {notice}

CCC is the concordance of the predicted and the observed cell fraction over the union of the predicted and the observed
tumour; Dice compares what is visible. "No change" repeats the last scan seen before; "exponential" carries volume and
cells on at the rate of the scans seen before (it needs two of them).
"""


def main() -> None:
    """Calibrate both patients and write the table."""
    arguments = _arguments()
    text = [HEADING.format(evaluations=arguments.evaluations, seed=arguments.seed, notice=RESEARCH_USE_ONLY)]
    for name, folder in CASES.items():
        with tempfile.TemporaryDirectory() as work:
            patient = load(name, arguments.data / folder, Path(work))
            twin = calibrate(
                patient,
                Path(work) / "results",
                evaluations=arguments.evaluations,
                seed=arguments.seed,
                processes=arguments.processes,
                progress=default(),
            )
            text.append(section(name, twin))
    save_text(arguments.out, "\n".join(text))
    print("\n".join(text))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with glioma-known-truth and breast-chemotherapy")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/explanation/real-patients.md")
    parser.add_argument("--evaluations", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    return parser.parse_args()


def load(name: str, data: Path, work: Path):
    """The patient of the committed case file over the images in ``data`` (linked, not copied)."""
    from twin.case import load_case

    case = work / "case"
    case.mkdir()
    for item in data.iterdir():
        (case / item.name).symlink_to(item.resolve())
    (case / "case.yaml").write_text((ROOT / "docs/tutorials/cases" / name / "case.yaml").read_text())
    return load_case(case)


def section(name: str, twin: Calibration) -> str:
    """The patient's part of the page."""
    parts = [
        f"## {name.capitalize()}",
        "",
        WORDS[name],
        "",
        *_scores(twin),
        "",
        _any_cells(twin),
        "",
        *_parameters(twin, TRUTH.get(name, {})),
    ]
    sentences = [*twin.summary["sentences"], *twin.summary["warnings"]]
    return "\n".join([*parts, "", "What the calibration says:", "", *(f"- {s}" for s in sentences), ""])


def _scores(twin: Calibration) -> list[str]:
    lines = [
        "| day | | forecast by | CCC | Dice | volume (mL) | 90 % interval | observed (mL) | volume error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    names = {"twin": "the twin", "no_change": "no change", "exponential_growth": "exponential"}
    for visit in twin.summary["visits"]:
        role = "held out" if visit["held_out"] else "fitted"
        for key, score in visit.get("scores", {}).items():
            lines.append(f"| {visit['day']:g} | {role} | {names[key]} | {_row(score, visit['observed_volume_ml'])} |")
    return lines


def _any_cells(twin: Calibration) -> str:
    """The same score where every voxel with cells counts, as others who fitted these data count."""
    last = twin.fit.isel(visit=-1)
    predicted, observed = last["predicted_fraction"].values, last["observed_fraction"].values
    region = (predicted > ANY_CELLS) | (np.nan_to_num(observed) > 0)
    value = ccc(predicted, observed, region)
    share = f"{100 * ANY_CELLS:.0f} %"
    return (
        f"Counting every voxel with more than {share} predicted or any observed cells, the last visit's CCC is {value:.3f}."
    )


def _row(score: Mapping[str, Any], observed: float) -> str:
    interval = f"{score['volume_low_ml']:.1f} - {score['volume_high_ml']:.1f}" if "volume_low_ml" in score else ""
    cells = [_number(score["ccc"], ".3f"), _number(score["dice"], ".3f"), f"{score['volume_ml']:.1f}", interval]
    return " | ".join([*cells, f"{observed:.1f}", _number(score["volume_error_percent"], "+.0f") + " %"])


def _number(value: float | None, form: str) -> str:
    return "-" if value is None or math.isnan(value) else format(value, form)


def _parameters(twin: Calibration, truth: Mapping[str, float]) -> list[str]:
    posterior = twin.posterior
    lines = ["| parameter | unit | best | 90 % of the draws | truth | error |", "|---|---|---|---|---|---|"]
    for name, unit in zip(posterior["parameter"].values, posterior["unit"].values, strict=True):
        best = twin.best[str(name)]
        low, high = posterior["value"].sel(parameter=name).quantile([0.05, 0.95]).values
        known = truth.get(str(name))
        error = "" if known is None else f"{100 * (best / known - 1):+.1f} %"
        lines.append(f"| {name} | {unit} | {best:.4g} | {low:.4g} - {high:.4g} | {known or ''} | {error} |")
    return lines


if __name__ == "__main__":
    main()
