"""The embedded patient as a PACS would export it: oblique, several series a date, shuffled, duplicated, a slice missing."""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import cache

import numpy as np

from calibration.virtual.embedded import embedded_patient
from tests.twin.imaging.dicom.studies import adc_unit, localiser, screenshot, turned
from twin.grid import Grid
from twin.imaging.dicom import phantom
from twin.imaging.dicom.contour import contours
from twin.imaging.dicom.phantom import Exam
from twin.patient import Patient, Visit

BASELINE = datetime.date(2026, 1, 5)
DAYS = (0.0, 18.0, 42.0, 90.0)
FIRST_FRACTION = datetime.date(2026, 1, 26)


@cache
def patient(spacing_mm: int = 4) -> Patient:
    return embedded_patient(spacing_mm=spacing_mm).patient


def oblique(grid: Grid) -> Grid:
    return replace(grid, direction=turned((8.0, -5.0, 3.0)))


def scans(spacing_mm: int = 4, person: str = "Doe^Jane", person_id: str = "000123") -> list:
    """Datasets of four dates in one frame of reference, and a plan of 30 x 2 Gy."""
    made: list = []
    whole = patient(spacing_mm)
    for visit in whole.visits:
        if visit.day in DAYS:
            date = BASELINE + datetime.timedelta(days=visit.day)
            made += _date(Exam(date, frame="mr", person=person, person_id=person_id), visit, whole)
    return [*made, phantom.plan(Exam(BASELINE, frame="mr", person=person, person_id=person_id), 60.0, 30)]


def _date(exam: Exam, visit: Visit, whole: Patient) -> list:
    grid = oblique(whole.grid)
    assert whole.anatomy is not None
    bright = np.where(visit.regions["enhancing"], 150, 0) + np.where(visit.regions["oedema"], -60, 0)
    t1 = np.clip(whole.anatomy.values * 3 + bright, 0, 4000).astype(np.uint16)
    t1gd = phantom.slices(exam, t1, grid, 3, SeriesDescription="t1_mprage_tra_p2 +C", EchoTime="3", RepetitionTime="1900")
    if visit.day == 18:
        del t1gd[7]
    order = np.random.default_rng(5).permutation(len(t1)).tolist()
    flair = phantom.enhanced(exam, t1 // 2, grid, 4, order, SeriesDescription="t2_flair_3d")
    made = [*t1gd, *(_again(one) for one in t1gd[3:5]), flair, *_adc(exam, visit, grid)]
    tumour = {"GTV_enhancing": visit.regions["enhancing"], "Edema": visit.regions["oedema"]}
    if visit.day == 0:
        made += [*localiser(exam), screenshot(exam)]
        made.append(phantom.segmentation(exam, tumour, grid, 80, t1gd[0].SeriesInstanceUID))
        made.append(phantom.structures(exam, {"Brain": contours(whole.medium.domain, grid)}, t1gd[0]))
        return made
    outlined = {name: contours(mask, grid) for name, mask in tumour.items() if mask.any()}
    return [*made, phantom.structures(exam, outlined, t1gd[0])]


def _again(one):
    """The same file once more, as exports over two routes leave it."""
    from copy import deepcopy

    return deepcopy(one)


def _adc(exam: Exam, visit: Visit, grid: Grid) -> list:
    values = np.clip(visit.images["adc"].values * 1e6, 0, 4000).astype(np.uint16)
    kind = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
    made = phantom.slices(exam, values, grid, 5, SeriesDescription="ep2d_diff_ADC", ImageType=kind)
    for one in made:
        one.RealWorldValueMappingSequence = [adc_unit()]
    return made
