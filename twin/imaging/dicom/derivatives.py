"""Predictions as NIfTI with a JSON sidecar each, laid out as BIDS derivatives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY, __version__
from twin.imaging.dicom.predicted import LIKELY, Arm, Predicted, Prediction, slug
from twin.imaging.write import write_image
from twin.store import save_json


def write_derivatives(predicted: Predicted, folder: Path) -> list[Path]:
    """Probability, mean cell fraction and extent of every arm and day; returns the images written."""
    save_json(
        folder / "dataset_description.json",
        {
            "Name": "oncotwin forecasts",
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "oncotwin", "Version": __version__}],
            "Notice": RESEARCH_USE_ONLY,
        },
    )
    subject = "sub-" + slug(predicted.patient.name).replace("-", "")
    written = []
    for arm in predicted.arms:
        for prediction in arm.predictions:
            written += _maps(arm, prediction, predicted, folder / subject, subject)
    return written


def _maps(arm: Arm, prediction: Prediction, predicted: Predicted, folder: Path, subject: str) -> list[Path]:
    stem = f"{subject}_space-baseline_desc-{slug(arm.id).replace('-', '')}Day{prediction.day:g}".replace(".", "p")
    maps: list[tuple[str, Any, str]] = [
        ("probseg", prediction.probability, "share of the posterior draws that show visible tumour"),
        ("mask", prediction.mask, f"voxels where at least {LIKELY:g} of the draws show tumour"),
    ]
    if prediction.fraction is not None:
        maps.append(("cellfraction", prediction.fraction, "mean cell fraction of the carrying capacity"))
    written = []
    for suffix, values, words in maps:
        written.append(write_image(folder / f"{stem}_{suffix}.nii.gz", values, predicted.grid))
        save_json(folder / f"{stem}_{suffix}.json", _sidecar(arm, prediction, words))
    return written


def _sidecar(arm: Arm, prediction: Prediction, words: str) -> dict[str, Any]:
    return {
        "Description": words,
        "Arm": arm.id,
        "DayAfterBaseline": prediction.day,
        "Units": "1",
        "Measures": [
            {"Name": m.name, "Units": m.unit, "Median": m.median, "Percentile5": m.low, "Percentile95": m.high}
            for m in prediction.measures
        ],
        "SpatialReference": "baseline scan",
        "Notice": RESEARCH_USE_ONLY,
    }
