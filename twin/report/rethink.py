"""What would change our mind: the scan that would refute the twin, when options part, the unknowns that decide."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.report import numbers as n
from twin.report.results import Results
from twin.report.tables import in_tissue, pretty_unit

DECIDES = 0.5
"""A rank correlation from which an unknown is said to decide: it then explains a quarter of the ranks' variance."""


def rethink(results: Results) -> list[tuple[str, str]]:
    """(heading, sentence), in the order in which a board would meet them; empty without options."""
    if results.reference is None or results.scenarios is None:
        return []
    if results.is_refuted:
        missed = "The last scan already speaks against this twin: no option is compared until a model or fit meets it."
        return [("The last scan", missed)]
    found = [("The next scan", s) for s in _next_scan(results)]
    found += [("Telling options apart", s) for s in _parting(results)]
    found += [("What the forecast hangs on", s) for s in _decisive(results)]
    found += [("What a choice hangs on", s) for s in _undecided(results)]
    return found


def _label(results: Results, arm: str) -> str:
    return f"“{next(a['label'] for a in results.arms if a['id'] == arm)}”"


def _next_scan(results: Results) -> list[str]:
    """The interval at the first scheduled scan: outside it, the twin is refuted."""
    assert results.scenarios is not None and results.reference is not None
    ahead = [float(d) for d in results.scenarios["scan"].values if d > results.decision_day + 0.5]
    if not ahead:
        return []
    low, _, high = n.summary(results.at_day(results.reference, "volume_ml", ahead[0]))
    below = f"below {n.volume(low)} mL or " if low >= SMALLEST_ML else ""
    words = (
        f"Under {_label(results, results.reference)} a visible volume {below}above {n.volume(high)} mL "
        f"on day {n.day(ahead[0])} would speak against this twin, "
        "as one scan in ten would if it were right: calibrate again."
    )
    seen = _observed(results, ahead[0])
    if seen is None:
        return [words]
    inside = "inside" if low <= seen <= high else "outside"
    return [f"{words} That scan was held back and showed {n.volume(seen)} mL, {inside} this interval."]


def _observed(results: Results, day: float) -> float | None:
    rows = results.calibration.get("visits", [])
    found = (v.get("observed_volume_ml") for v in rows if v.get("held_out") and abs(float(v["day"]) - day) < 0.5)
    return next((float(v) for v in found if v is not None), None)


SURE, HARDLY = 0.95, 0.05
SMALLEST_ML = 1.0
"""A smaller difference in volume is within the error of any segmentation."""


def _parting(results: Results) -> list[str]:
    """On which scan an option is seen to differ from the reference by the margin: surely, perhaps, or on none."""
    margin, reference = _margin(results), _label(results, results.reference or "")
    sure, perhaps, never = [], [], []
    for arm in (a["id"] for a in results.arms if a["id"] != results.reference):
        shares = _apart(results, arm)
        first = next((day for day, share in shares if share >= SURE), None)
        if first is not None:
            stays = all(share >= SURE for day, share in shares if day >= first)
            when = f"from day {n.day(first)} on" if stays else f"on day {n.day(first)}, if not on every later one"
            sure.append(f"{_label(results, arm)} {when}")
        elif shares and shares[-1][1] > HARDLY:
            perhaps.append(f"{_label(results, arm)} ({n.share(shares[-1][1])} of the courses on day {n.day(shares[-1][0])})")
        else:
            never.append(_label(results, arm))
    much = f"a difference of more than {100 * margin:g} %" if margin else "a difference"
    what = f"{much} from {reference}"
    told = [f"Scans will show {what} for {_few(sure)}."] if sure else []
    told += [f"Scans may or may not show {what} for {_few(perhaps)}: there they decide."] if perhaps else []
    told += [f"Scans will hardly show {what} for {_few(never)}: waiting does not settle it."] if never else []
    return told


def _margin(results: Results) -> float:
    return float((results.study or {}).get("margin_percent") or 0.0) / 100


def _apart(results: Results, arm: str) -> list[tuple[float, float]]:
    """(day, share of the draws in which the arm differs from the reference by the margin, the same way) by scan."""
    assert results.scenarios is not None
    found = []
    for day in (float(d) for d in results.scenarios["scan"].values if d > results.decision_day + 0.5):
        gap, needed = _gap(results, arm, day)
        if gap.size:
            below, above = (float(part.mean()) for part in (gap < -needed, gap > needed))
            found.append((day, max(below, above)))
    return found


def _gap(results: Results, arm: str, day: float) -> tuple[np.ndarray, np.ndarray]:
    """The difference in volume (draw), and how large it must be to matter: the margin, and what a reader can measure."""
    mine, other = (results.at_day(a, "volume_ml", day) for a in (arm, results.reference or ""))
    known = np.isfinite(mine) & np.isfinite(other)
    return mine[known] - other[known], np.maximum(_margin(results) * other[known], SMALLEST_ML)


def _decisive(results: Results) -> list[str]:
    """The unknown that the reference's volume at the horizon goes with most, and what learning it would say."""
    assert results.reference is not None
    volume = results.at_day(results.reference, "volume_ml", results.horizon_day)
    found = _strongest(results, volume)
    if found is None:
        return []
    name, values, rank = found
    low, high = (np.nanmedian(volume[part]) for part in _thirds(values))
    return [
        f"The forecast under {_label(results, results.reference)} goes with {name} more than with any other unknown (rank "
        f"correlation {_signed(rank)}): {n.volume(low)} mL in the third of the courses where it is lowest, "
        f"{n.volume(high)} mL where it is highest. A measurement of it would narrow the forecast most."
    ]


def _undecided(results: Results) -> list[str]:
    """For options that are better in some courses and not in others: which unknown decides."""
    margin = _margin(results)
    reference, told = results.at_day(results.reference or "", "volume_ml", results.horizon_day), []
    for arm in (a["id"] for a in results.arms if a["id"] != results.reference):
        mine = results.at_day(arm, "volume_ml", results.horizon_day)
        ratio = mine / np.maximum(reference, 1e-9)
        better = np.nan_to_num(reference - mine) > np.maximum(margin * reference, SMALLEST_ML)
        found = _strongest(results, ratio) if 0.05 < better.mean() < 0.95 else None
        if found is None:
            continue
        name, values, _ = found
        low, high = (n.share(float(better[part].mean())) for part in _thirds(values))
        share, other = n.share(float(better.mean())), _label(results, results.reference or "")
        told.append(
            f"{_label(results, arm)} leaves at least {100 * margin:g} % less than {other} in {share} of the courses: {low} "
            f"of those where {name} is lowest, {high} of those where it is highest."
        )
    return told


def _strongest(results: Results, outcome: np.ndarray) -> tuple[str, np.ndarray, float] | None:
    """The parameter whose ranks go with the outcome's most: words, values by draw, rank correlation; None below DECIDES."""
    from scipy.stats import rankdata

    assert results.scenarios is not None
    places = results.scenarios["draw"].values.astype(int)
    values = results.posterior["value"].values
    known = np.isfinite(outcome)
    if known.sum() < 10 or places.max() >= len(values):
        return None
    values, ranks = values[places], rankdata(outcome[known])
    rank = [_correlation(rankdata(column[known]), ranks) for column in values.T]
    best = int(np.argmax(np.abs(rank)))
    if abs(rank[best]) < DECIDES:
        return None
    return _named(results, best, values), values[:, best], rank[best]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return 0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else float(np.corrcoef(a, b)[0, 1])


TIED = 0.9


def _named(results: Results, place: int, values: np.ndarray) -> str:
    """The parameter in words, with those that the scans do not tell from it."""
    tied = [i for i in range(values.shape[1]) if i != place and abs(_correlation(values[:, i], values[:, place])) > TIED]
    words = _words(results, place)
    return words + (
        f" (or {_listed([_words(results, i) for i in tied])}, which the scans do not tell from it)" if tied else ""
    )


def _words(results: Results, place: int) -> str:
    data = results.posterior
    words = str(data["description"].values[place]) if "description" in data.variables else ""
    return in_tissue(pretty_unit(words), results.patient.medium.fractions) or str(data["parameter"].values[place])


def _thirds(values: np.ndarray) -> tuple[Any, Any]:
    low, high = np.quantile(values, (1 / 3, 2 / 3))
    return values <= low, values >= high


def _signed(value: float) -> str:
    return n.signed(f"{value:.2f}".replace("-", "−"))


FEW = 6


def _few(names: list[str]) -> str:
    """The options by name, or how many they are."""
    return _listed(names) if len(names) <= FEW else f"{len(names)} options"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
