"""What is written into the ledger, and when."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from calibration.calibration import Calibration, load_calibration
from calibration.evaluation import Seen, seen, twin_scores
from calibration.ledger.chain import Ledger, Record
from calibration.ledger.made import DRAWN, forecast_content, plan_hash, posterior_hash
from calibration.ledger.score import override_score, reaches, score_content
from twin.errors import UsageError
from twin.provenance import Manifest
from twin.store import load_json

ROLES = (
    "radiation oncologist",
    "neuro-oncologist",
    "medical oncologist",
    "surgeon",
    "radiologist",
    "pathologist",
    "medical physicist",
    "researcher",
    "other",
)
"""Who may write into a ledger: by what they do, never by name."""


def keep_forecast(folder: Path, command: str) -> Record | None:
    """Append the forecast that ``command`` left in ``folder``, once; None where the ledger has it already.

    Visits that were held out and have been scanned already are scored at once (in retrospect).
    """
    twin = load_calibration(folder)
    content = forecast_content(twin, load_json(Manifest.path(folder, command)))
    ledger = Ledger(folder)
    mine = ("fingerprint", "posterior_sha256", "maps_sha256")
    if any(r.kind == "forecast" and all(r.content[k] == content[k] for k in mine) for r in ledger.records()):
        return None
    record = ledger.append("forecast", content)
    for index, visit in enumerate(twin.patient.visits):
        if visit.held_out:
            now = seen(twin.patient, visit)
            maps = twin_scores(twin.patient, twin.fit.isel(visit=index), twin.fit, now)
            _append_score(ledger, record, visit.name, now, {k: maps[k] for k in ("ccc", "dice")}, retrospective=True)
    return record


def keep_scores(
    ledger: Ledger, twin: Calibration, visit: str, now: Seen, maps: Mapping[str, float], fit: xr.Dataset
) -> list[dict[str, Any]]:
    """Score every earlier forecast, and every person's own, that speaks of a new visit's day; each once.

    ``maps`` and ``fit`` are of the forecast in force (``twin``), run again to that day: it is scored even where the ledger's
    days end before.
    """
    own = posterior_hash(twin.posterior)

    def in_force(made: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, float]]:
        if made["posterior_sha256"] != own:
            return made, {}
        return (_carried_on(made, fit, now.day) if now.day > made["days"][-1] else made), maps

    return score_all(ledger, visit, now, in_force)


def score_all(ledger: Ledger, visit: str, now: Seen, known=lambda made: (made, {}), retrospective: bool = False):
    """The same without images; ``known`` may carry a forecast's content on and add the scores of its maps."""
    records, found = ledger.records(), []
    done = {(r.content.get("forecast") or r.content["override"], r.content["day"]) for r in records if r.kind == "score"}
    for record in records:
        made = record.content
        if (record.number, now.day) in done:
            continue
        if record.kind == "forecast":
            made, maps = known(made)
            if reaches(made, now.day):
                found.append(_append_score(ledger, record, visit, now, maps, made, retrospective).content)
        elif record.kind == "override" and made["day"] == now.day:
            found.append(ledger.append("score", override_score(record.number, made, visit, now)).content)
    return [dict(f) for f in found]


def keep_note(ledger: Ledger, role: str, text: str) -> Record:
    """A remark of a person, by role."""
    return ledger.append("note", {"role": known_role(role), "text": text})


def keep_override(ledger: Ledger, role: str, text: str, day: float, volume_ml: float) -> Record:
    """A person's own forecast of the volume on a day, beside the twin's in force; it is scored like the twin's."""
    forecasts = [r for r in ledger.records() if r.kind == "forecast"]
    if not forecasts:
        raise UsageError("There is no forecast yet to be overridden.", remedy="run `oncotwin calibrate CASE` first")
    content = {"role": known_role(role), "text": text, "forecast": forecasts[-1].number, "day": day, "volume_ml": volume_ml}
    return ledger.append("override", content)


def known_role(role: str) -> str:
    if role not in ROLES:
        raise UsageError(
            f"'{role}' is no role.",
            why="a ledger names people by what they do, never by name",
            remedy=f"one of: {', '.join(ROLES)}",
        )
    return role


def earlier(twin: Calibration) -> dict[str, Any]:
    """For the summary of an update: what it went on from."""
    return {
        "earlier_decision_day": twin.decision_day,
        "earlier_posterior_sha256": posterior_hash(twin.posterior),
        "earlier_treatments_sha256": plan_hash(twin.patient.treatments),
    }


def _append_score(
    ledger: Ledger,
    record: Record,
    visit: str,
    now: Seen,
    maps: Mapping[str, float],
    made: Mapping[str, Any] | None = None,
    retrospective: bool = False,
) -> Record:
    content = score_content(record.number, made or record.content, visit, now, maps)
    return ledger.append("score", {**content, "retrospective": retrospective})


def _carried_on(made: Mapping[str, Any], fit: xr.Dataset, day: float) -> dict[str, Any]:
    """The forecast with one more day, from the same draws."""
    rows = {name: fit[name].sel(t=day).values for name in DRAWN if name in made and name in fit}
    added = {name: [*made[name], [None if np.isnan(v) else float(v) for v in row]] for name, row in rows.items()}
    return {**made, "days": [*made["days"], day], **added}
