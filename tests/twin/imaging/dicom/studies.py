"""A small patient in MNI anatomy, written as the DICOM studies that a PACS would export, in realistic disorder."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from twin.grid import Grid
from twin.imaging.dicom import phantom
from twin.imaging.dicom.contour import contours
from twin.imaging.dicom.phantom import Exam

BASELINE = datetime.date(2026, 1, 5)
FOLLOW_UP = datetime.date(2026, 2, 16)
START = datetime.date(2026, 1, 19)


def turned(degrees: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(float(v) for v in Rotation.from_euler("xyz", degrees, degrees=True).as_matrix().ravel())


@dataclass(frozen=True)
class Head:
    """Images (uint16) and masks of a coarse head on an oblique grid."""

    grid: Grid
    t1: np.ndarray
    brain: np.ndarray
    tumour: np.ndarray

    @property
    def adc(self) -> np.ndarray:
        """In 1e-6 mm2/s."""
        return np.where(self.brain, np.where(self.tumour, 1200, 850), 0).astype(np.uint16)


def head(radius_mm: float = 14.0, degrees: tuple[float, float, float] = (8.0, -5.0, 3.0), seed: int = 0) -> Head:
    """A brain-like ellipsoid with folds and a tumour, 20 x 28 x 24 voxels of 7 x 6 x 6 mm."""
    grid = Grid((20, 28, 24), (7.0, 6.0, 6.0), (-70.0, -90.0, -60.0), turned(degrees))
    middle = grid.index_to_mm((np.array(grid.shape) - 1) / 2)
    where = grid.index_to_mm(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)) - middle
    inside = ((where / np.array([58.0, 72.0, 55.0])) ** 2).sum(-1) < 1
    folds = gaussian_filter(np.random.default_rng(seed).standard_normal(grid.shape), 1.5)
    tumour = ((where - np.array([20.0, -15.0, 12.0])) ** 2).sum(-1) < radius_mm**2
    t1 = np.where(inside, 600 + 1500 * folds + 500 * tumour, 40 + 20 * folds)
    return Head(grid, np.clip(t1, 0, 4000).astype(np.uint16), inside, tumour)


def shuffled(datasets: list, folder: Path, seed: int = 1) -> None:
    """Files in an order and under names that tell nothing, in sub-folders, as a PACS writes them."""
    order = list(range(len(datasets)))
    random.Random(seed).shuffle(order)
    for place, index in enumerate(order):
        phantom.save(datasets[index], folder / f"DIR{place % 3:03d}" / f"IM{place:06d}")


def baseline_study(patient: Head) -> list:
    """MR of day 0: localiser, T1-Gd, FLAIR as enhanced multi-frame, ADC with stated unit, a screenshot, outlines, plan."""
    exam = Exam(BASELINE, frame="day0")
    rng = np.random.default_rng(5)
    t1gd = phantom.slices(
        exam, patient.t1, patient.grid, 3, SeriesDescription="t1_mprage_sag_p2 +C", EchoTime="3", RepetitionTime="1900"
    )
    flair = phantom.enhanced(
        exam, patient.t1 // 2, patient.grid, 4, rng.permutation(len(patient.t1)).tolist(), SeriesDescription="FLAIR 3D"
    )
    adc = phantom.slices(
        exam,
        patient.adc,
        patient.grid,
        5,
        SeriesDescription="ep2d_diff_ADC",
        ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"],
    )
    for one in adc:
        one.RealWorldValueMappingSequence = [adc_unit()]
    datasets = [*localiser(exam), *t1gd, flair, *adc, screenshot(exam)]
    regions = {
        "Brain": contours(patient.brain, patient.grid),
        "GTV": contours(patient.tumour, patient.grid),
        "OpticChiasm": contours(np.roll(patient.tumour, 4, 0), patient.grid),
        "PTV 60": contours(patient.tumour, patient.grid),
    }
    plan = phantom.plan(exam, 60.0, 30)
    gy = np.where(gaussian_filter(patient.tumour.astype(float), 2) > 0.02, 60.0, 15.0)
    datasets += [phantom.structures(exam, regions, t1gd[0]), plan, phantom.dose(exam, gy, patient.grid, plan.SOPInstanceUID)]
    return datasets


def follow_up_study(patient: Head) -> list:
    exam = Exam(FOLLOW_UP, frame="day42")
    t1gd = phantom.slices(exam, patient.t1, patient.grid, 2, SeriesDescription="T1 post gd")
    return [*t1gd, phantom.structures(exam, {"GTV": contours(patient.tumour, patient.grid)}, t1gd[0])]


def adc_unit():
    from pydicom.dataset import Dataset

    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "um2/s", "UCUM", "um2/s"
    item = Dataset()
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 1.0, 0.0
    item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 4095
    item.MeasurementUnitsCodeSequence = [unit]
    item.LUTLabel = "ADC"
    return item


def localiser(exam: Exam) -> list:
    made = []
    for number, degrees in enumerate([(0, 0, 0), (90, 0, 0), (0, 90, 0)]):
        grid = Grid((3, 32, 32), (20.0, 8.0, 8.0), (-100.0, -100.0, -50.0), turned(degrees))
        values = np.full(grid.shape, 100 + number, np.uint16)
        made += phantom.slices(
            exam, values, grid, 1, SeriesDescription="localizer", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]
        )
    for index, one in enumerate(made):
        one.SOPInstanceUID = exam.uid("localiser", index)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    return made


def screenshot(exam: Exam):
    made = phantom.dataset(exam, "1.2.840.10008.5.1.4.1.1.7", "OT", 99, SeriesDescription="Screen Save")
    made.Rows, made.Columns, made.BitsAllocated, made.SamplesPerPixel = 2, 2, 8, 1
    made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 7, 0
    made.PhotometricInterpretation, made.PixelData = "MONOCHROME2", b"\1\2\3\4"
    return made


def fraction_dates(count: int = 30) -> list[datetime.date]:
    days, day = [], START
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += datetime.timedelta(days=1)
    return days
