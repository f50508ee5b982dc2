"""The steps of a case of sizes alone (``sizes:`` in ``case.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.cli.session import Session
from twin.errors import DataRefused

if TYPE_CHECKING:
    from twin.sizes import Size

OUTPUTS = ("sizes.json", "posterior.zarr", "fit.zarr", "calibration.json", "forecast.svg", "forecast.png")


def compute(case: Path, out: Path, search: Any, session: Session) -> None:
    """Calibrate and forecast the volumes; ``search`` as in :mod:`scenarios.cli.calibrate`."""
    from calibration.structure import Structure
    from calibration.volume.calibrate import calibrate_sizes
    from twin.case.markers import load_markers
    from twin.case.sizes import load_sizes

    calibrate_sizes(
        load_sizes(case),
        out,
        structure=Structure(search.model, search.effects, markers=load_markers(case) if search.markers else {}),
        evaluations=5 * search.evaluations,
        draws=4 * search.draws,
        seed=session.seed,
        processes=session.processes,
        prior_only=search.from_prior,
        progress=session.voice.progress,
    )


def remember(case: Path, out: Path, command: str) -> None:
    """The forecast into the ledger."""
    from calibration.volume.ledger import keep_size_forecast
    from twin.case.sizes import load_sizes

    keep_size_forecast(load_sizes(case), out, command)


def new_readings(case: Path, out: Path) -> tuple[Size, ...]:
    """The readings of a case that the calibration in ``out`` has not seen. DataRefused where an earlier one changed."""
    from twin.case.sizes import load_sizes
    from twin.store import load_json

    before = [s for s in load_json(out / "sizes.json")["sizes"] if not s["held_out"]]
    series = load_sizes(case)
    known = {(s["day"], s["volume_ml"], s["diameter_mm"]) for s in before}
    news = tuple(s for s in series.seen if s.day not in {day for day, _, _ in known})
    left = {(s.day, s.volume_ml, s.diameter_mm) for s in series.seen}
    if known - left or any(s.day < before[-1]["day"] for s in news):
        raise DataRefused(
            "Earlier readings changed, or a new one lies before the last one seen.",
            where="sizes",
            why="an update adds readings after those that the forecast was made from",
            remedy="calibrate the case again: `oncotwin calibrate CASE --overwrite`; the ledger keeps the earlier forecasts",
        )
    return news


def score(news: tuple[Size, ...], out: Path) -> None:
    """The earlier forecasts scored on new readings."""
    from calibration.ledger.chain import Ledger
    from calibration.ledger.keeping import score_all
    from calibration.volume.ledger import seen_size

    for size in news:
        score_all(Ledger(out), size.name, seen_size(size))


def report(results: Path, out: Path) -> Path:
    """The page of a forecast of sizes, with the RECIST category of each reading."""
    from scenarios.response.sizes import categories, chances
    from twin.report.sizes import build_size_report
    from twin.store import load_dataset, load_json

    readings = load_json(results / "calibration.json")["visits"]
    draws = load_dataset(results / "fit.zarr")["volume_ml"].values[:, -1]
    return build_size_report(results, out, categories(readings), chances(readings, draws))


def only_sizes(results: Path) -> bool:
    """Whether the results are of a case of sizes alone."""
    return (results / "sizes.json").exists()


PLACELESS = (
    "a few sizes hardly tell growth from what a treatment does, so options would differ by what was assumed of them; and "
    "sizes have no place, so no dose could be laid on them"
)


def no_images(results: Path, step: str, why: str = PLACELESS) -> None:
    """Refuse a step that needs images where the results are of sizes alone."""
    if only_sizes(results):
        raise DataRefused(
            f"oncotwin {step} needs images; {results} holds a case of sizes alone.",
            where="sizes.json",
            why=why,
            remedy="change the treatments in case.yaml and calibrate into another folder; "
            f"`oncotwin report {results}` has the forecast, `oncotwin ledger` its record",
        )
