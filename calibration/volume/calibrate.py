"""Calibrate and forecast a patient of whom only sizes are known; one folder written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from calibration import scores
from calibration.calibration import FIT, POSTERIOR, SUMMARY
from calibration.convergence import told as convergence
from calibration.forecast import AHEAD_DAYS
from calibration.markers import sentences as marked
from calibration.next_scan import with_next_scan
from calibration.pool import Crew
from calibration.posterior import PRIOR_DRAWS, labelled
from calibration.space import Space
from calibration.structure import Structure
from calibration.volume.growth import told as growth_told
from calibration.volume.posterior import Sampled, SizeDensity, covariance, sample
from calibration.volume.structure import Readings, course, observed_ml, parameters
from calibration.words import AS_WIDE, name_of
from twin.case.stored_plan import plan_facts
from twin.errors import DataRefused
from twin.progress import SILENT, Progress, stage
from twin.sizes import SizeSeries
from twin.store import save_dataset, save_json

FORM = "volume only"
STEP_DAYS = 7.0
FEW = 100
"""Effective candidates below which the posterior is warned about."""


@dataclass(frozen=True)
class SizeTwin:
    """The series, the posterior draws, the volumes over time as they will be read (draw, t), and the summary."""

    series: SizeSeries
    posterior: xr.Dataset = field(repr=False)
    fit: xr.Dataset = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)

    @property
    def decision_day(self) -> float:
        return self.series.seen[-1].day

    def save(self, folder: Path) -> None:
        """Write posterior, forecast, series and summary, and the picture of the forecast."""
        from twin.visual.size_forecast import save_forecast

        save_dataset(folder / POSTERIOR, self.posterior)
        save_dataset(folder / FIT, self.fit)
        treatments = plan_facts(self.series.treatments, {})
        save_json(folder / "sizes.json", asdict(self.series) | {"treatments": treatments})
        save_forecast(self.fit, self.summary["visits"], self.decision_day, folder)
        save_json(folder / SUMMARY, dict(self.summary))


def calibrate_sizes(
    series: SizeSeries,
    out: Path,
    *,
    structure: Structure | None = None,
    evaluations: int = 1000,
    draws: int = 200,
    seed: int = 0,
    processes: int = 1,
    prior_only: bool = False,
    progress: Progress = SILENT,
) -> SizeTwin:
    """Fit a growth law and the effects of the treatments to the readings seen and forecast twelve weeks beyond the last.

    d ln(V)/dt of the law (:mod:`solvers.volume`) with a random walk about it, whose variance is inferred, and reading errors
    by kind of reading. ``prior_only``: draws of the prior, for a series of one reading. The same series, settings and seed
    give the same numbers. Raises DataRefused where only one reading may be seen.
    """
    structure = structure or Structure()
    if len(series.seen) < 2 and not prior_only:
        raise DataRefused(
            "Growth cannot be learnt from one reading.",
            where=f"reading '{series.sizes[0].name}'",
            why="it shows in the change between two",
            remedy="add a second reading, or forecast with the prior's values: --from-prior",
        )
    space = Space(parameters(series, structure))
    density = SizeDensity(series, structure, space)
    with Crew(processes) as crew:
        found = (
            _prior_draws(space, series, draws, seed)
            if prior_only
            else sample(density, evaluations, draws, seed, crew, progress)
        )
        fit = _forecast(series, structure, space, found.z, seed, crew, progress)
    twin = SizeTwin(series, _posterior(space, found, structure, seed), fit, _summary(series, structure, space, found, fit))
    twin.save(out)
    return twin


def _prior_draws(space: Space, series: SizeSeries, draws: int, seed: int) -> Sampled:
    """Draws of the prior with the first volume as its reading leaves it, and the capacity above it."""
    rng, first = np.random.default_rng((seed, 4)), space.names.index("first_volume_ml")
    error = float(Readings.of(series.seen[:1]).spread[0])
    z: list[np.ndarray] = []
    while len(z) < draws:
        one = space.from_quantiles(rng.uniform(size=len(space)))
        one[first] *= error / np.hypot(1.0, error)
        values = space.values(one)
        z += [one] * (values["first_volume_ml"] < values["capacity_ml"])
    return Sampled(np.array(z), np.zeros(len(space)), 0, float(draws))


def _posterior(space: Space, found: Sampled, structure: Structure, seed: int) -> xr.Dataset:
    def table(rows: np.ndarray) -> np.ndarray:
        return np.array([list(space.values(z).values()) for z in rows])

    prior = space.draws(np.random.default_rng((seed, 1)), PRIOR_DRAWS)
    return labelled(space.parameters, table(found.z), prior, table(found.best[None])[0]).assign_attrs(
        model=structure.model, effects=list(structure.effects), method="importance sampling", seed=seed
    )


def _forecast(
    series: SizeSeries, structure: Structure, space: Space, z: np.ndarray, seed: int, crew: Crew, progress: Progress
):
    """(draw, t): the law's course with its random walk given the readings seen, and an error of reading on top."""
    last = max(series.sizes[-1].day, series.seen[-1].day + AHEAD_DAYS)
    days = sorted({*np.arange(0.0, last, STEP_DAYS).tolist(), last, *(s.day for s in series.sizes)})
    held = (series, structure, space, tuple(days), seed)
    rows = []
    with stage(progress, "forecasting every draw", len(z)) as bar:
        for row in crew.over(held)(_drawn, list(enumerate(z))):
            rows.append(row)
            bar.advance()
    volume = np.exp(np.array(rows))
    return xr.Dataset(
        {"volume_ml": (("draw", "t"), volume, {"units": "mL", "long_name": "volume as it will be read"})},
        coords={"t": ("t", days, {"units": "day"})},
    )


def _drawn(held, item: tuple[int, np.ndarray]) -> np.ndarray:
    """ln(mL) of one draw at the days."""
    series, structure, space, days, seed = held
    number, z = item
    values, readings = space.values(z), Readings.of(series.seen)
    law = course(series, structure, values, days)
    there = np.searchsorted(days, readings.days)
    walk, when = values["discrepancy_per_day"], np.array(days)
    across = walk * np.minimum.outer(when, readings.days)
    gain = np.linalg.solve(covariance(readings, walk), across.T).T
    left = walk * np.minimum.outer(when, when) - gain @ across.T + np.median(readings.spread) ** 2 * np.eye(len(when))
    rng = np.random.default_rng((seed, 5, number))
    return law + gain @ (readings.log_ml - law[there]) + np.linalg.cholesky(left) @ rng.standard_normal(len(when))


def _summary(series: SizeSeries, structure: Structure, space: Space, found: Sampled, fit: xr.Dataset) -> dict[str, Any]:
    warnings = [
        f"The draws rest on {found.effective:.0f} effective candidates of {found.evaluations}: ask for more --evaluations."
    ] * (found.effective < FEW and found.evaluations > 0)
    expected, elsewhere = growth_told(series.site)
    agree, apart = ([], []) if found.rhat is None else convergence(found.rhat, space.names)
    told = {
        "form": FORM,
        "model": structure.model,
        "effects": list(structure.effects),
        "fixed": dict(structure.fixed),
        "markers": dict(structure.markers),
        "method": "importance sampling" if found.evaluations else "prior",
        "evaluations": found.evaluations,
        "effective_sample_size": found.effective,
        "rhat": {} if found.rhat is None else dict(zip(space.names, found.rhat.tolist(), strict=True)),
        "decision_day": series.seen[-1].day,
        "sentences": _sentences(space, found, fit, series) + expected + agree + marked(space.parameters, structure.markers),
        "warnings": warnings + elsewhere + apart + _bounded(space, found),
        "visits": [_visit(series, k, fit) for k in range(len(series.sizes))],
        "citations": list(structure.citations()),
    }
    return with_next_scan(told, fit, reading=0.0)


def _sentences(space: Space, found: Sampled, fit: xr.Dataset, series: SizeSeries) -> list[str]:
    low, middle, high = np.quantile(fit["volume_ml"].values[:, -1], [0.05, 0.5, 0.95])
    day = float(fit["t"][-1])
    told = [f"On day {day:g} the volume will be read as {middle:.3g} mL (90 % interval {low:.3g} to {high:.3g})."]
    if not found.evaluations:
        return [*told, "These are draws of the prior: no growth was learnt from one reading."]
    spread = found.z.std(axis=0)
    told += [
        f"The data hardly narrow {name_of(p)}: its posterior is {100 * s:.0f} % as wide as its prior."
        for p, s in zip(space.parameters, spread, strict=True)
        if s > AS_WIDE
    ]
    return told + ([f"{len(series.seen)} readings tell few numbers apart."] if len(series.seen) < len(space) else [])


def _bounded(space: Space, found: Sampled) -> list[str]:
    low, high = space.bounds()
    near = ((found.z < low + 0.1) | (found.z > high - 0.1)).mean(axis=0)
    return [
        f"{name_of(p)} is at its admissible bounds ({p.low:g} to {p.high:g} {p.unit}) in {100 * s:.0f} % of the draws: the "
        "model may not suit this patient."
        for p, s in zip(space.parameters, near, strict=True)
        if s > 0.25
    ]


def _visit(series: SizeSeries, k: int, fit: xr.Dataset) -> dict[str, Any]:
    size, observed = series.sizes[k], observed_ml(series.sizes[k])
    known = [observed_ml(s) for s in series.seen if s.day < size.day]
    entry = {"day": size.day, "name": size.name, "held_out": size.held_out, "observed_volume_ml": observed}
    if known:
        draws = fit["volume_ml"].sel(t=size.day).values
        low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
        twin = {
            "volume_ml": middle,
            "volume_low_ml": low,
            "volume_high_ml": high,
            "inside_interval": bool(low <= observed <= high),
        }
        twin |= {"volume_error_percent": scores.percent_error(middle, observed), "crps_ml": scores.crps(draws, observed)}
        still = {"volume_ml": known[-1], "volume_error_percent": scores.percent_error(known[-1], observed)}
        entry["scores"] = {"twin": twin, "no_change": still}
    return entry
