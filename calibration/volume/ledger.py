"""The ledger of a patient of whom only sizes are known: the same records as with images, without maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibration import FIT, POSTERIOR, SUMMARY
from calibration.evaluation import Seen
from calibration.ledger.chain import Ledger, Record
from calibration.ledger.keeping import score_all
from calibration.ledger.made import array_hash, plan_hash, posterior_hash, posterior_summary, rounded
from calibration.volume.structure import observed_ml
from twin.provenance import Manifest
from twin.sizes import Size, SizeSeries
from twin.store import load_dataset, load_json


def keep_size_forecast(series: SizeSeries, folder: Path, command: str) -> Record | None:
    """Append the forecast that ``command`` left in ``folder``, once, and score the readings held out, in retrospect."""
    content = _content(series, folder, load_json(Manifest.path(folder, command)))
    ledger = Ledger(folder)
    mine = ("fingerprint", "posterior_sha256")
    if any(r.kind == "forecast" and all(r.content[k] == content[k] for k in mine) for r in ledger.records()):
        return None
    record = ledger.append("forecast", content)
    for size in series.sizes:
        if size.held_out:
            score_all(ledger, size.name, seen_size(size), retrospective=True)
    return record


def seen_size(size: Size) -> Seen:
    return Seen(size.day, None, np.zeros((1, 1, 1), bool), observed_ml(size), float("nan"))


def _content(series: SizeSeries, folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    summary, posterior, fit = load_json(folder / SUMMARY), load_dataset(folder / POSTERIOR), load_dataset(folder / FIT)
    days = fit["t"].values[fit["t"].values >= series.seen[-1].day]
    volume = fit["volume_ml"].sel(t=days).values
    kept = ("command", "fingerprint", "inputs_sha256", "versions", "seed", "configuration")
    return {
        **{name: manifest[name] for name in kept},
        "model": summary["model"],
        "effects": summary["effects"],
        "decision_day": series.seen[-1].day,
        "visits_seen": [s.day for s in series.seen],
        "treatments_sha256": plan_hash(series.treatments),
        "last_volume_ml": observed_ml(series.seen[-1]),
        "last_burden_ml": None,
        "posterior": posterior_summary(posterior),
        "posterior_sha256": posterior_hash(posterior),
        "maps_sha256": array_hash(volume),
        "volume_as_read": True,
        "days": days.tolist(),
        "volume_ml": rounded(volume.T),
    }
