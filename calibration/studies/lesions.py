"""Real lesions without images: the last three readings forecast with priors learned from other patients, by arm."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from calibration.cohort.blend import Blend, learn_blend
from calibration.cohort.courses import LAWS, courses
from calibration.cohort.forecast import NoChange, first, volume
from calibration.cohort.lesion import Lesion, read_lesions
from calibration.cohort.prior import CohortPrior, learn
from calibration.scores import crps
from calibration.study import Check, Page, Row, Study, studies
from twin.errors import OncotwinError

HELD_OUT, FEWEST = 3, 6
"""Readings held out, and how many a lesion needs for that."""

FOLDS = 5
ALL = "all laws"


@studies.register("lesions")
class Lesions(Study):
    """One case is one fifth of the patients, forecast with one set of growth laws by a prior from the other four fifths."""

    title = "622 real lesions: volumes only"
    data = "lesion-series"
    size = 622

    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        return [f"{law}, part {k} of {size}, seed {seed}" for law in (ALL, *LAWS) for k in range(1, FOLDS + 1)]

    def measure(self, key: str, data: Path | None) -> Row:
        assert data is not None
        law, part, seed = key.split(", ")
        number, size = (int(w) for w in part.removeprefix("part ").split(" of "))
        lesions = _lesions(data / "lesions.csv", size)
        fold = np.random.default_rng(int(seed.split()[-1])).permutation(len(lesions)) % FOLDS + 1
        others = [v for v, f in zip(lesions, fold, strict=True) if f != number]
        own = [v for v, f in zip(lesions, fold, strict=True) if f == number]
        prior = learn(others, courses(*(LAWS if law == ALL else (law,))))
        blend = learn_blend(others, prior, HELD_OUT, relative, FEWEST)
        return {"law": law, "prior": _told(prior) | {"share": blend.share}, "readings": forecast_all(own, blend)}

    def page(self, rows: Sequence[Row]) -> Page:
        by_law = {law: _joined(rows, law) for law in (ALL, *LAWS)}
        main = by_law[ALL]
        if not main:
            raise OncotwinError("No part of the cohort could be forecast.", why=str(rows[0].get("failed", "")))
        checks = (*_checks(main), *_alone(by_law))
        return Page(
            checks,
            WORDS.format(n=len(main["observed"]), laws=_laws(rows), share=_share(rows)),
            lambda path: _draw(main, path),
        )


WORDS = """Target lesions of patients in three trials of atezolizumab or docetaxel (Ghaffari Laleh et al. 2022, PLoS Comput
Biol 18:e1009822). Each lesion is of another patient. The last three readings of the lesions with six or more are held
out: {n} readings. Volumes are relative to the largest of the full data set.

The prior of a patient comes from four fifths of the *other* patients: how often each course (growth law, rate, kill, fading,
from `solvers.volume`) occurs in the patient's arm, how restless lesions are, and the noise of reading, by empirical Bayes. A
random walk about the course makes "no change" a limit of the model. The forecast blends the model with "no change" in the
share that scored best on the last readings of those other patients ({share:.0f} % model on average).

"No change with a normal spread" is the last reading with a normal in ln(volume) whose variance grows with time, fitted to
the cohort by maximum likelihood: the bar is against it. "With the cohort's own changes" is harder to beat: the empirical
changes of 200 alike spans, with their atom at no change and their heavy tails.

Share of lesions that follow each law, where all laws compete: {laws}.
The lines by law have one law at a time; no law stands out.

The form of the model and the blend were chosen on these same data, though no patient's readings enter their own prior. No
other series of lesions has been tried.
"""


@lru_cache
def _lesions(path: Path, size: int) -> list[Lesion]:
    return read_lesions(path)[:size]


def forecast_all(own: Sequence[Lesion], blend: Blend) -> list[dict[str, Any]]:
    """One entry for each reading held out of the lesions ``own``, of which ``blend`` knows nothing."""
    found = []
    for lesion in own:
        if len(lesion) >= FEWEST:
            seen = first(lesion, len(lesion) - HELD_OUT)
            rng = np.random.default_rng(zlib.crc32(lesion.patient.encode()))
            drawn = blend.predict(seen, lesion.days[-HELD_OUT:], rng)
            found += [_scored(lesion, seen, k, drawn[:, k], blend.still) for k in range(HELD_OUT)]
    return found


def _scored(lesion: Lesion, seen: Lesion, k: int, drawn: np.ndarray, still: NoChange) -> dict[str, Any]:
    where = len(seen) + k
    span, observed = float(lesion.days[where] - seen.days[-1]), float(lesion.volume[where])
    scale = relative(lesion)
    x = scale * volume(drawn)
    normal, alike = (scale * volume(form(seen, span)) for form in (still.normal, still.alike))
    return {
        "days_ahead": span,
        "reading": k + 1,
        "pit": float((x < observed).mean() + 0.5 * (x == observed).mean()),
        "observed": observed,
        "last": float(seen.volume[-1]),
        "median": float(np.median(x)),
        "crps": crps(x, observed),
        "crps_normal": crps(normal, observed),
        "crps_alike": crps(alike, observed),
        **{f"in{level}": _inside(x, observed, level) for level in (50, 80, 90)},
        "normal_in90": _inside(normal, observed, 90),
    }


def relative(lesion: Lesion) -> float:
    """Relative volume of a mm3, from the lesion's largest reading."""
    largest = int(np.argmax(lesion.diameter_mm))
    return float(lesion.volume[largest] / np.exp(lesion.log_volume[largest]))


def _inside(draws: np.ndarray, observed: float, level: int) -> bool:
    low, high = np.quantile(draws, [0.5 - level / 200, 0.5 + level / 200])
    return bool(low <= observed <= high)


def _told(prior: CohortPrior) -> dict[str, Any]:
    shares = {law: prior.share(law) for law in sorted(set(prior.courses.law))}
    noise = {"walk": prior.noise.walk, "reading": prior.noise.reading, "caliper_mm": prior.noise.caliper_mm}
    return {"shares": shares, "noise": noise, "log_likelihood": prior.log_likelihood}


def _joined(rows: Sequence[Row], law: str) -> dict[str, np.ndarray]:
    every = [r for row in rows if row.get("law") == law for r in row["readings"]]
    return {name: np.array([r[name] for r in every], float) for name in every[0]} if every else {}


def _checks(found: dict[str, np.ndarray]) -> list[Check]:
    error, still = (float(abs(found[k] - found["observed"]).mean()) for k in ("median", "last"))
    score, normal, alike = (float(found[k].mean()) for k in ("crps", "crps_normal", "crps_alike"))
    inside = [Check(f"share of readings inside the {q} % interval", float(found[f"in{q}"].mean())) for q in (50, 80)]
    return [
        Check("mean absolute error, relative volume", error, high=still, note="bar: no change"),
        Check("CRPS better than no change with a normal spread, %", 100 * (1 - score / normal), 10.0),
        Check("CRPS better than no change with the cohort's own changes, %", 100 * (1 - score / alike)),
        Check("share of readings inside the 90 % interval", float(found["in90"].mean()), 0.86, 0.94),
        *inside,
        Check("share inside, no change with a normal spread, 90 %", float(found["normal_in90"].mean())),
    ]


def _alone(by_law: dict[str, dict[str, np.ndarray]]) -> list[Check]:
    return [
        Check(f"CRPS x 1000, {law}", 1000 * float(v["crps"].mean()), note=f"error x 1000: {1000 * _error(v):.3g}")
        for law, v in by_law.items()
        if v
    ]


def _error(found: dict[str, np.ndarray]) -> float:
    return float(abs(found["median"] - found["observed"]).mean())


def _laws(rows: Sequence[Row]) -> str:
    shares = [row["prior"]["shares"] for row in rows if row.get("law") == ALL]
    mean = {law: np.mean([s[law] for s in shares]) for law in (shares[0] if shares else ())}
    return ", ".join(f"{law} {100 * share:.0f} %" for law, share in sorted(mean.items(), key=lambda m: -m[1]))


def _share(rows: Sequence[Row]) -> float:
    return 100 * float(np.mean([row["prior"]["share"] for row in rows if row.get("law") == ALL]))


def _draw(found: dict[str, np.ndarray], path: Path) -> None:
    from twin.visual.skill import draw_skill

    draw_skill(found, path)
