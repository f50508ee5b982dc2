"""``doses.zarr``: dose, BED and EQD2 of every arm voxel by voxel, and the dose-volume histograms of the organs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from scenarios.dose import LATE_ALPHA_BETA_GY, alpha_beta_map, bed_gy, dose_gy, eqd2_gy, is_mapped
from scenarios.dose_volume import BIN_GY, edges_gy, histogram
from scenarios.organs import organ_eqd2, organs_at_risk, targets_of
from scenarios.organs_tolerance import tolerance
from scenarios.radiobiology import alpha_beta_gy
from scenarios.received import Received
from twin import RESEARCH_USE_ONLY
from twin.fields import SPACE, coordinates, frame_attributes
from twin.patient import Patient
from twin.store import replacing, save_dataset
from twin.treatment import Plan

NAMES = {
    "dose_gy": "physical dose",
    "bed_gy": "biologically effective dose, alpha/beta by tissue",
    "eqd2_gy": "dose in 2 Gy fractions of the same effect, alpha/beta by tissue",
}


Shares = Sequence[tuple[float, Plan]]
"""Whole treatments with the shares of the simulated courses that were given them."""


def write_doses(path: Path, arms: Mapping[str, Sequence[Received]], given: Plan, patient: Patient) -> Path | None:
    """Write the doses of ``given`` and each arm together; None, and nothing written, where no arm holds radiotherapy. Where
    an arm adapts, the mean over its simulated courses.

    Variables (arm, z, y, x) in Gy: ``dose_gy``, ``bed_gy``, ``eqd2_gy``; ``alpha_beta_gy`` (z, y, x); ``dvh`` and
    ``dvh_eqd2`` (arm, organ, dose), the share of the organ or target with that dose or more, physical and as EQD2 at the
    organ's own alpha/beta; ``is_target`` (organ); ``mapped`` (arm), whether a dose distribution was given; ``dose_from``
    (arm), where those come from that are not the case's own: a file, or a synthetic dose.
    """
    whole = {name: [(r.share, given + r.plan) for r in courses] for name, courses in arms.items()}
    plans = {name: shares for name, shares in whole.items() if any(plan.fractions() for _, plan in shares)}
    if not plans:
        return None
    ratio = alpha_beta_map(patient, _ratios(patient))
    data = xr.Dataset(
        {
            "alpha_beta_gy": (SPACE, ratio, _told("alpha/beta by tissue", "Gy")),
            "mapped": ("arm", [all(is_mapped(p) for _, p in shares if p.fractions()) for shares in plans.values()]),
            "dose_from": ("arm", [_sources(shares) for shares in plans.values()]),
            **_histograms(list(plans.values()), patient),
        },
        coords={"arm": list(plans), **coordinates(patient.grid)},
        attrs={"notice": RESEARCH_USE_ONLY, **frame_attributes(patient.grid)},
    )
    with replacing(path) as temporary:
        save_dataset(temporary, data)
        _write_maps(temporary, list(plans.values()), ratio)
    return path


def _write_maps(folder: Path, plans: Sequence[Shares], ratio: np.ndarray) -> None:
    """The maps arm by arm: no more than one arm is in memory."""
    import zarr

    group = zarr.open_group(folder, mode="r+", zarr_format=3, use_consolidated=False)
    arrays = {
        name: group.create_array(
            name,
            shape=(len(plans), *ratio.shape),
            chunks=(1, *ratio.shape),
            dtype="float32",
            dimension_names=("arm", *SPACE),
            attributes=_told(text, "Gy"),
        )
        for name, text in NAMES.items()
    }
    for a, shares in enumerate(plans):
        bed = _mean(shares, lambda plan: bed_gy(plan, ratio.shape, ratio))
        arrays["dose_gy"][a], arrays["bed_gy"][a] = _mean(shares, lambda plan: dose_gy(plan, ratio.shape)), bed
        arrays["eqd2_gy"][a] = eqd2_gy(bed, ratio)


def _mean(shares: Shares, dose: Callable[[Plan], np.ndarray]) -> np.ndarray:
    return np.asarray(sum(np.float32(share) * dose(plan) for share, plan in shares))


def _histograms(plans: Sequence[Shares], patient: Patient) -> dict[str, tuple]:
    """``dvh`` and ``dvh_eqd2`` (arm, organ, dose) with their doses; nothing without organs and targets."""
    organs, targets = organs_at_risk(patient), targets_of(patient)
    masks = {**organs, **targets}
    if not masks:
        return {}
    ratios = {name: _ratio(name, name in targets, patient) for name in masks}
    physical, equal = zip(*(_of_arm(shares, masks, ratios) for shares in plans), strict=True)
    shares = _padded([*physical, *equal])
    told = "share of the organ with that dose or more"
    return {
        "dvh": (("arm", "organ", "dose"), shares[: len(plans)], _told(told, "1")),
        "dvh_eqd2": (("arm", "organ", "dose"), shares[len(plans) :], _told(f"{told}, EQD2", "1")),
        "is_target": ("organ", [name in targets for name in masks]),
        "organ": ("organ", list(masks)),
        "dose": ("dose", BIN_GY * np.arange(shares.shape[-1]), {"units": "Gy"}),
    }


def _of_arm(shares: Shares, masks: Mapping[str, np.ndarray], ratios: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean histograms (organ, dose) over the courses of one arm, physical and EQD2."""
    physical, equal = zip(*(_of_plan(plan, masks, ratios) for _, plan in shares), strict=True)
    weights = [share for share, _ in shares]
    return np.tensordot(weights, _padded(physical), 1), np.tensordot(weights, _padded(equal), 1)


def _of_plan(plan: Plan, masks: Mapping[str, np.ndarray], ratios: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Histograms (organ, dose) of one plan, physical and EQD2: the doses of one plan alone are in memory."""
    dose = dose_gy(plan, next(iter(masks.values())).shape)
    return _shares([dose[m] for m in masks.values()]), _shares([organ_eqd2(m, plan, ratios[n]) for n, m in masks.items()])


def _shares(doses: Sequence[np.ndarray]) -> np.ndarray:
    edges = edges_gy(max(float(d.max()) for d in doses))
    return np.array([histogram(d, edges) for d in doses])


def _padded(histograms: Sequence[np.ndarray]) -> np.ndarray:
    """All on the doses of the longest, beyond which nothing receives anything."""
    longest = max(h.shape[-1] for h in histograms)
    return np.stack([np.pad(h, ((0, 0), (0, longest - h.shape[-1]))) for h in histograms])


def _ratio(name: str, is_target: bool, patient: Patient) -> float:
    """alpha/beta of a target (the tumour's) or of an organ, Gy."""
    if is_target:
        return alpha_beta_gy(patient.site)
    known = tolerance(name)
    return known.alpha_beta_gy if known else LATE_ALPHA_BETA_GY


def _sources(shares: Shares) -> str:
    return "; ".join(sorted({c.dose_from for _, plan in shares for c, _ in plan.fractions()} - {""}))


def _ratios(patient: Patient) -> dict[str, float]:
    known = {name: tolerance(name) for name in patient.organs}
    return {name: t.alpha_beta_gy for name, t in known.items() if t is not None}


def _told(text: str, unit: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
