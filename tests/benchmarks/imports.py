"""A study as large as a hospital's: five series, 600 files, written once and imported."""

from __future__ import annotations

import datetime
import tempfile
import time
from pathlib import Path

import numpy as np

from twin.grid import Grid

GRID = Grid((120, 256, 256), (1.4, 0.9, 0.9), (-115.0, -115.0, -80.0))
SERIES = {"t1 pre": 3, "t1 post gd": 4, "flair": 5, "t2 tse": 6, "ep2d_diff_ADC": 7}


def study(folder: Path) -> int:
    """The files of the study; how many there are."""
    from twin.imaging.dicom import phantom
    from twin.imaging.dicom.contour import contours
    from twin.imaging.dicom.phantom import Exam

    exam, rng = Exam(datetime.date(2026, 1, 5)), np.random.default_rng(0)
    away = np.sqrt(sum(((a - (n - 1) / 2) / n) ** 2 for a, n in zip(np.indices(GRID.shape), GRID.shape, strict=True)))
    made, brain = [], away < 0.35
    for words, number in SERIES.items():
        values = np.where(brain, 600 + 90 * rng.standard_normal(GRID.shape), 20).clip(0, 4000).astype(np.uint16)
        made += phantom.slices(exam, values, GRID, number, SeriesDescription=words)
    made.append(phantom.structures(exam, {"Brain": contours(brain, GRID), "GTV": contours(away < 0.06, GRID)}, made[120]))
    for number, one in enumerate(made):
        phantom.save(one, folder / f"DIR{number % 3}" / f"IM{number:06d}")
    return len(made) - 1


def seconds() -> tuple[int, float, float]:
    """(image files, wall-clock seconds, processor seconds) of the import."""
    from twin.imaging.dicom import import_study

    with tempfile.TemporaryDirectory() as scratch:
        count = study(Path(scratch, "study"))
        started, used = time.perf_counter(), time.process_time()
        report = import_study(Path(scratch, "study"), Path(scratch, "case"))
        spent = time.perf_counter() - started, time.process_time() - used
        written = {path.name for path in Path(scratch, "case").rglob("*.nii.gz")}
        if not {"t1.nii.gz", "t1gd.nii.gz", "flair.nii.gz", "t2.nii.gz", "adc.nii.gz", "tumour.nii.gz"} <= written:
            raise RuntimeError(f"not everything was imported: {sorted(written)}; {report}")
    return count, *spent
