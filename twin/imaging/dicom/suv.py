"""Standardised uptake by body weight (SUVbw) from PET tags: the QIBA / vendor-neutral rules."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from twin.imaging.dicom.element import date, first, moment, number, seconds, text, texts


def suv_factor(headers: Sequence[Any]) -> tuple[float, str | None, str]:
    """(factor, unit, words) by which rescaled PET values become SUVbw; (1, None, why not) where tags are missing.

    SUVbw = activity concentration (Bq/mL) x weight (g) / injected dose decayed to the reference time of the images
    (Bq). Decay correction START refers to the first acquisition of the series, ADMIN to the injection. ``headers`` are
    those of every file of the series.
    """
    header = headers[0]
    unit = text(header, "Units").upper()
    if unit == "GML":
        return 1.0, "SUV", "SUV as stored"
    if unit != "BQML":
        return 1.0, None, "the PET unit is not Bq/mL: SUV cannot be computed"
    dose = first(header, "RadiopharmaceuticalInformationSequence")
    activity, half_life = number(dose, "RadionuclideTotalDose"), number(dose, "RadionuclideHalfLife")
    weight = number(header, "PatientWeight")
    if not activity or not half_life or not weight or min(activity, half_life, weight) <= 0:
        return 1.0, None, "weight, injected dose or half-life is missing: SUV cannot be computed"
    if "ATTN" not in {t.upper() for t in texts(header, "CorrectedImage")}:
        return 1.0, None, "the images are not corrected for attenuation: SUV cannot be computed"
    decayed, how = _decay(headers, dose, half_life)
    if decayed is None:
        return 1.0, None, how
    return weight * 1000.0 / (activity * decayed), "SUV", f"SUV by body weight, {how}"


def _decay(headers: Sequence[Any], dose: Any, half_life: float) -> tuple[float | None, str]:
    header = headers[0]
    correction = text(header, "DecayCorrection").upper()
    if correction == "ADMIN":
        return 1.0, "decay corrected to the injection"
    if correction != "START":
        return None, "the images are not decay corrected to a known time: SUV cannot be computed"
    scan = _start(headers)
    injected = _injection(dose, scan)
    if scan is None or injected is None:
        return None, "the time of injection or of the series is missing: SUV cannot be computed"
    elapsed = (scan - injected).total_seconds()
    if not 0 <= elapsed < 48 * 3600:
        return None, "the injection does not lie before the scan: SUV cannot be computed"
    return 0.5 ** (elapsed / half_life), "decay corrected to the start of the series"


def _start(headers: Sequence[Any]) -> datetime.datetime | None:
    """The series' start, or its first acquisition where the series is dated later (images made again from raw data)."""
    series = moment(headers[0], "SeriesDate", "SeriesTime")
    acquired = [m for h in headers if (m := moment(h, "AcquisitionDate", "AcquisitionTime"))]
    return min([series, *acquired]) if series else None


def _injection(dose: Any, scan: datetime.datetime | None) -> datetime.datetime | None:
    full = text(dose, "RadiopharmaceuticalStartDateTime")
    day, at = date(dose, "RadiopharmaceuticalStartDateTime"), seconds(full[8:])
    if day is None or at is None:
        at = seconds(text(dose, "RadiopharmaceuticalStartTime"))
        day = scan.date() if scan else None
    if day is None or at is None:
        return None
    return datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=at)
