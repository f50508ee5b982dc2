"""Standardised uptake by body weight (SUVbw) from PET tags, by the vendor-neutral rules of QIBA.

QIBA Profile: FDG-PET/CT as an Imaging Biomarker Measuring Response to Cancer Therapy, version 1.13 (2016), appendix G.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from twin.imaging.dicom.element import as_moment, first, moment, number, private, seconds, text, texts

GE = "GEMS_PETD_01"
SCAN_TIME = (0x0009, 0x0D)
"""GE: the time to which the images are decay corrected, also where a later processing dated the series anew."""

PHILIPS = "Philips PET Private Group"
SUV_SCALE, ACTIVITY_SCALE = (0x7053, 0x00), (0x7053, 0x09)
"""Philips: what turns counts into SUVbw, and into Bq/mL."""

LEAST_BQ = 1e5
"""An injected dose below this was written in MBq or mCi; DICOM says Bq."""

PAST_MIDNIGHT = 6 * 3600.0
"""An injection whose date is not stated and whose time is later than the scan's was given the day before, if the wait is
no longer than this (s)."""

Factor = tuple[float, str | None, str]


def suv_factor(headers: Sequence[Any]) -> Factor:
    """(factor, unit, words) by which rescaled PET values become SUVbw; (1, None, why not) where tags are missing.

    SUVbw = activity concentration (Bq/mL) x weight (g) / injected dose decayed to the reference time of the images
    (Bq). Decay correction START refers to the first acquisition of the series, ADMIN to the injection. ``headers`` are
    those of every file of the series.
    """
    header = headers[0]
    unit = text(header, "Units").upper()
    if unit == "GML":
        return _as_stored(header)
    if unit == "CNTS":
        return _from_counts(headers)
    if unit != "BQML":
        return _none("the PET unit is not Bq/mL")
    return _by_weight(headers)


def _none(why: str) -> Factor:
    return 1.0, None, f"{why}: SUV cannot be computed"


def _as_stored(header: Any) -> Factor:
    """g/mL, which may also be normalised by lean mass or surface: other numbers, other thresholds."""
    kind = text(header, "SUVType").upper() or "BW"
    if kind != "BW":
        return _none(f"the images are normalised by {kind[:16]}, not by body weight")
    return 1.0, "SUV", "SUV as stored"


def _from_counts(headers: Sequence[Any]) -> Factor:
    """Counts mean something only with a scale of the scanner's maker, one for the whole series."""
    for element, words in ((SUV_SCALE, "SUV by the scanner's own scale"), (ACTIVITY_SCALE, "")):
        scales = {_positive(private(h, element[0], PHILIPS, element[1])) for h in headers}
        if len(scales) == 1 and (scale := scales.pop()):
            if words:
                return scale, "SUV", words
            factor, unit, how = _by_weight(headers)
            return factor * scale if unit else 1.0, unit, how
    return _none("the PET images are counts without a scale")


def _positive(value: str) -> float:
    try:
        return max(float(value), 0.0) if float(value) < float("inf") else 0.0
    except ValueError:
        return 0.0


def _by_weight(headers: Sequence[Any]) -> Factor:
    """From activity concentrations (Bq/mL)."""
    header = headers[0]
    dose = first(header, "RadiopharmaceuticalInformationSequence")
    activity, half_life = number(dose, "RadionuclideTotalDose"), number(dose, "RadionuclideHalfLife")
    weight = number(header, "PatientWeight")
    if not activity or not half_life or not weight or min(activity, half_life, weight) <= 0:
        return _none("weight, injected dose or half-life is missing")
    if activity < LEAST_BQ:
        return _none(f"the injected dose reads {activity:g} Bq, which no PET is made with (DICOM states Bq, not MBq)")
    corrected = {t.upper() for t in texts(header, "CorrectedImage")}
    if "ATTN" not in corrected:
        return _none("the images are not corrected for attenuation")
    if "DECY" not in corrected:
        return _none("the images are not decay corrected")
    decayed, how = _decay(headers, dose, half_life)
    if decayed is None:
        return _none(how)
    return weight * 1000.0 / (activity * decayed), "SUV", f"SUV by body weight, {how}"


def _decay(headers: Sequence[Any], dose: Any, half_life: float) -> tuple[float | None, str]:
    correction = text(headers[0], "DecayCorrection").upper()
    if correction == "ADMIN":
        return 1.0, "decay corrected to the injection"
    if correction != "START":
        return None, "the images are not decay corrected to a known time"
    scan = _start(headers)
    injected = _injection(dose, scan)
    if scan is None or injected is None:
        return None, "the time of injection or of the series is missing"
    elapsed = (scan - injected).total_seconds()
    if not 0 <= elapsed < 48 * 3600:
        return None, "the injection does not lie before the scan"
    return 0.5 ** (elapsed / half_life), "decay corrected to the start of the series"


def _start(headers: Sequence[Any]) -> datetime.datetime | None:
    """The series' start; where it is dated after an acquisition (images made again later), the time that GE notes, or the
    first acquisition of the series."""
    series = moment(headers[0], "SeriesDate", "SeriesTime")
    acquired = [m for h in headers if (m := moment(h, "AcquisitionDate", "AcquisitionTime"))]
    if series is None or not acquired or series <= min(acquired):
        return series
    noted = as_moment(private(headers[0], SCAN_TIME[0], GE, SCAN_TIME[1]))
    return noted or min(acquired)


def _injection(dose: Any, scan: datetime.datetime | None) -> datetime.datetime | None:
    if full := as_moment(text(dose, "RadiopharmaceuticalStartDateTime")):
        return full
    at = seconds(text(dose, "RadiopharmaceuticalStartTime"))
    if at is None or scan is None:
        return None
    found = datetime.datetime.combine(scan.date(), datetime.time()) + datetime.timedelta(seconds=at)
    before = found - datetime.timedelta(days=1)
    return before if found > scan and (scan - before).total_seconds() <= PAST_MIDNIGHT else found
