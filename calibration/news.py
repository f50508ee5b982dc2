"""Which visits a case has that an earlier calibration did not see, and whether the others are still what they were."""

from __future__ import annotations

import numpy as np

from twin.errors import DataRefused
from twin.patient import Patient, Visit


def new_days(old: Patient, now: Patient) -> tuple[float, ...]:
    """Days of the visits that may be seen now and were not there, or were held out, before."""
    known = {v.day for v in old.seen}
    return tuple(v.day for v in now.seen if v.day not in known)


def check_same(old: Patient, now: Patient, news: tuple[float, ...]) -> None:
    """DataRefused where a visit that was learnt from has changed or is gone, or a new one lies before the last of them."""
    if not now.grid.same_as(old.grid):
        raise _other("The case lies on another grid than the calibration.", "its draws belong to the old one")
    left = {v.day: v for v in now.seen}
    for visit in old.seen:
        if visit.day not in left:
            raise _other(f"The visit '{visit.name}' (day {visit.day:g}) was learnt from and is gone.", "its part stays in")
        if not _alike(visit, left[visit.day]):
            raise _other(f"The visit '{visit.name}' (day {visit.day:g}) has changed.", "its old images were learnt from")
    early = [v for v in now.seen if v.day in news and v.day < old.seen[-1].day]
    if early:
        raise _other(
            f"The new visit '{early[0].name}' (day {early[0].day:g}) lies before the last one seen.",
            "a forecast cannot be scored on what came before it was made",
        )


def _alike(a: Visit, b: Visit) -> bool:
    same = a.images.keys() == b.images.keys() and a.regions.keys() == b.regions.keys()
    return (
        same
        and all(np.array_equal(a.images[k].values, b.images[k].values, equal_nan=True) for k in a.images)
        and all(np.array_equal(a.regions[k], b.regions[k]) for k in a.regions)
    )


def _other(what: str, why: str) -> DataRefused:
    return DataRefused(
        what,
        where="visits",
        why=f"an update adds to an earlier calibration: {why}",
        remedy="calibrate the case again: `oncotwin calibrate CASE --overwrite`; the ledger keeps the earlier forecasts",
    )
