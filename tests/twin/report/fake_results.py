"""A RESULTS folder as the steps before would have written it, from analytic blobs: no solver, a second or two.

Brain: the MNI152 template at 3 mm (or finer, for looking at pictures). Breast: seven slices of 5 mm without anatomy.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from twin.case.prepared import save_patient
from twin.fields import block_mean, coordinates, field, frame_attributes
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Patient, Visibility, Visit
from twin.provenance import Manifest
from twin.store import save_dataset, save_json
from twin.treatment import Plan, chemotherapy, radiotherapy

DATA = Path(__file__).resolve().parents[3] / "twin" / "data" / "mni152"
ARMS = {  # id: label, words, growth per day after the decision, schedule
    "none": ("No further treatment", "No treatment from the decision day on", 0.0045),
    "standard": ("Standard", "60 Gy in 30 fractions with temozolomide, as scheduled", -0.0085),
    "escalated": ("Dose-escalated boost", "The remaining 15 fractions at 2.4 Gy to the boost volume", -0.0140),
    "hypofractionated": ("Hypofractionated", "The rest of the course in 8 fractions of equal EQD2", -0.0080),
    "intensified": ("Chemotherapy intensified", "Temozolomide 150 mg/m2 on 21 of 28 days", -0.0100),
    "delayed": ("Resumed 14 days late", "The remaining 15 fractions start 14 days later", -0.0040),
}
SYNTHETIC = "synthetic dose"
DECISION, HORIZON = 42.0, 182.0


def brain_medium(factor: int) -> tuple[Medium, xr.DataArray]:
    import SimpleITK as sitk

    maps = {}
    for name in ("t1", "gm", "wm"):
        image = sitk.ReadImage(str(DATA / f"mni152_{name}.nii.gz"))
        maps[name] = sitk.GetArrayFromImage(image).astype(np.float32)
    grid = Grid(maps["t1"].shape, tuple(image.GetSpacing())[::-1], image.GetOrigin(), image.GetDirection()).coarsen(factor)
    blocks = {name: block_mean(values, factor) for name, values in maps.items()}
    medium = Medium.of_fractions(grid, {"white": blocks["wm"] / 255, "grey": blocks["gm"] / 255})
    return medium, field(blocks["t1"], grid, "1")


def breast_medium() -> tuple[Medium, None]:
    grid = Grid((7, 60, 60), (5.0, 2.6, 2.6))
    _, y, x = grid.index_to_mm(np.moveaxis(np.indices(grid.shape), 0, -1)).T[::-1].transpose(0, 3, 2, 1)
    inside = (x - 78) ** 2 / 62**2 + (y - 20) ** 2 / 95**2 < 1
    dense = np.clip(1.2 - np.hypot(x - 70, y - 60) / 40, 0, 1)
    return Medium.of_fractions(grid, {"fibroglandular": dense * inside, "adipose": (1 - dense) * inside}), None


class Blob:
    """u = 1 / (1 + exp((d - R) / w)) around a centre, d a distance bent by tissue and a smooth random field."""

    def __init__(self, medium: Medium, centre: tuple[float, float, float], width_mm: float = 3.0, roughness: float = 0.7):
        from scipy.ndimage import gaussian_filter

        grid = medium.grid
        place = np.moveaxis(grid.index_to_mm(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
        offset = place - grid.index_to_mm(np.asarray(centre) * np.asarray(grid.shape))[:, None, None, None]
        noise = gaussian_filter(
            np.random.default_rng(3).normal(size=grid.shape), [7 / h for h in grid.spacing_mm], mode="wrap"
        )
        bend = 1 + roughness * noise / (np.abs(noise).max() + 1e-9) - 0.25 * next(iter(medium.fractions.values()))
        self.distance, self.medium, self.width = np.linalg.norm(offset, axis=0) * bend, medium, width_mm

    def fraction(self, radius: float) -> np.ndarray:
        u = 1 / (1 + np.exp(np.clip((self.distance - radius) / self.width, -40, 40)))
        return np.where(self.medium.domain, u, 0).astype(np.float32)

    def lookup(self, thresholds: tuple[float, ...], most: float = 60.0):
        """Radius -> (volumes above the thresholds ..., burden), mL, by interpolation."""
        radii = np.linspace(0, most, 25)
        states = [self.fraction(r) for r in radii]
        ml = self.medium.grid.voxel_ml
        rows = [[(u > t).sum() * ml for t in thresholds] + [u.sum() * ml] for u in states]
        return lambda r: [np.interp(r, radii, column) for column in np.array(rows).T]


def radius_of(days: np.ndarray, rate_after: float, start: float, growth: float = 0.006) -> np.ndarray:
    """Radius in mm: exponential growth to day 21, then a plateau, then the arm's own rate from the decision day on."""
    untreated = np.minimum(days, 21.0)
    arm = np.maximum(days - DECISION, 0.0)
    settle = 55 * (1 - np.exp(-arm / 55)) if rate_after < 0 else arm
    return start * np.exp(growth * untreated - 0.003 * np.clip(days - 21, 0, 21) + rate_after * settle)


def fake_patient(site: str = "brain", factor: int = 3, held_out: bool = True, name: str = "Virtual glioblastoma") -> Patient:
    medium, anatomy = brain_medium(factor) if site == "brain" else breast_medium()
    centre = (0.60, 0.58, 0.32) if site == "brain" else (0.5, 0.42, 0.47)
    blob = Blob(medium, centre)
    days = (0.0, 18.0, 42.0, 90.0, 146.0) if site == "brain" else (0.0, 18.0, 42.0)
    names = ("diagnosis", "planning MRI", "mid-course MRI", "post-radiotherapy", "follow-up")
    visits = []
    for i, (day, label) in enumerate(zip(days, names, strict=False)):
        u = blob.fraction(float(radius_of(np.array([day]), -0.0075, 14.0)[0]))
        noisy = np.clip(u + np.random.default_rng(i).normal(0, 0.03, u.shape), 0, 1).astype(np.float32)
        regions = {"enhancing": u > 0.8, "oedema": (u > 0.16) & (u <= 0.8)} if site == "brain" else {"tumour": u > 0.16}
        images = {"adc": field(np.where(medium.domain, 2.5e-3 * (1 - noisy), 0), medium.grid, "mm2/s")}
        visits.append(Visit(day, label, images, regions, held_out=held_out and day > DECISION))
    plan = Plan((radiotherapy(21, 60, 30), chemotherapy("temozolomide", 75, range(21, 63)))) if site == "brain" else Plan(())
    if site == "brain":
        for start, amount in ((90, 150), (118, 200), (146, 200), (174, 200)):
            plan += Plan((chemotherapy("temozolomide", amount, range(start, start + 5)),))
    if site != "brain":
        plan = Plan((chemotherapy("doxorubicin", 60, [8.0, 22.0]), chemotherapy("cyclophosphamide", 600, [8.0, 22.0])))
    visibility = Visibility() if site == "brain" else Visibility(core=None, whole=0.1)
    notes = ("Visits were aligned to the baseline by a rigid registration (mutual information).",)
    visits_kept = tuple(v for v in visits if held_out or v.day <= DECISION)
    return Patient(name, site, medium, visits_kept, plan, visibility=visibility, anatomy=anatomy, notes=notes)


def write_results(folder: Path, patient: Patient, arms: tuple[str, ...] = tuple(ARMS), draws: int = 24) -> Path:
    """The folder as ``calibrate`` and, where there are arms, ``scenarios`` leave it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_patient(patient, folder)
    centre = (0.60, 0.58, 0.32) if patient.site == "brain" else (0.5, 0.42, 0.47)
    blob = Blob(patient.medium, centre)
    rng = np.random.default_rng(7)
    starts, slopes = 14.0 * np.exp(rng.normal(0, 0.02, draws)), 0.006 * np.exp(rng.normal(0, 0.12, draws))
    rates = rng.normal(0, 0.0018, draws)
    _calibration(folder, patient, blob, starts, slopes, rates)
    if arms:
        _scenarios(folder, patient, blob, arms, (starts, slopes, rates))
    return folder


def _curves(blob: Blob, patient: Patient, t: np.ndarray, rate: float, starts, slopes, rates) -> dict:
    core = patient.visibility.core or 2.0
    table = blob.lookup((patient.visibility.threshold, core))
    spread = rates if rate else 0 * rates
    radii = np.array([radius_of(t, rate + r, s, g) for s, g, r in zip(starts, slopes, spread, strict=True)])
    volume, core_ml, burden = table(radii)
    return {"volume_ml": volume, "core_ml": core_ml, "burden_ml": burden}


def _calibration(folder: Path, patient: Patient, blob: Blob, starts, slopes, rates) -> None:
    _posterior(folder, len(starts))
    t = np.arange(0, patient.visits[-1].day + 0.5, 2.0)
    curves = _curves(blob, patient, t, -0.0075, starts, slopes, rates)
    days = np.array([v.day for v in patient.visits])
    threshold = patient.visibility.threshold
    radii = np.array([radius_of(days, -0.0075 + r, s, g) for s, g, r in zip(starts, slopes, rates, strict=True)])
    states = [[blob.fraction(r) for r in column] for column in radii.T]
    space = ("visit", "z", "y", "x")
    water = patient.cellularity.adc_water_mm2_per_s
    seen = np.stack([1 - v.images["adc"].values / water for v in patient.visits])
    data = {
        "observed_fraction": (space, np.where(patient.medium.domain, seen, np.nan).astype("f4"), {"units": "1"}),
        "predicted_fraction": (space, np.stack([np.mean(s, axis=0) for s in states]).astype("f4"), {"units": "1"}),
        "probability": (
            space,
            np.stack([np.mean([u > threshold for u in s], axis=0) for s in states]).astype("f4"),
            {"units": "1"},
        ),
        **{name: (("draw", "t"), values, {"units": "mL"}) for name, values in curves.items()},
    }
    coords = {
        "visit": ("visit", days, {"units": "day"}),
        "visit_name": ("visit", [v.name for v in patient.visits]),
        "held_out": ("visit", [v.held_out for v in patient.visits]),
        "t": ("t", t, {"units": "day"}),
        **coordinates(patient.grid),
    }
    save_dataset(folder / "fit.zarr", xr.Dataset(data, coords, frame_attributes(patient.grid)))
    save_json(folder / "calibration.json", _calibration_json(patient, curves, t))
    manifest = Manifest("calibrate", {"evaluations": 200, "draws": len(starts), "sampler": "tpe"}, seed=0)
    manifest.cite("Stupp 2005, NEJM 352:987", "Swanson 2008, Br J Cancer 98:113")
    manifest.write(folder)


def _posterior(folder: Path, draws: int) -> None:
    rng = np.random.default_rng(1)
    table = {  # name: symbol, unit, description, low, high, prior median, spread, posterior median, spread
        "diffusion_white_mm2_per_day": ("D_w", "mm2/day", "diffusion in white matter", 0.02, 1.5, 0.13, 0.8, 0.11, 0.15),
        "proliferation_per_day": ("ρ", "1/day", "net proliferation", 0.002, 0.2, 0.059, 0.7, 0.043, 0.09),
        "alpha_per_gy": ("α", "1/Gy", "radiosensitivity", 0.001, 0.1, 0.025, 0.6, 0.031, 0.2),
        "temozolomide_kill_per_day": ("κ", "1/day", "chemosensitivity at 75 mg/m2", 0.001, 2.0, 0.1, 1.0, 0.12, 0.7),
    }
    names = list(table)
    draw = np.stack([np.exp(np.log(r[7]) + r[8] * rng.normal(size=draws)) for r in table.values()], axis=1)
    prior = np.stack([np.exp(np.log(r[5]) + r[6] * rng.normal(size=400)) for r in table.values()], axis=1)
    low, high = np.array([r[3] for r in table.values()]), np.array([r[4] for r in table.values()])
    data = {
        "value": (("draw", "parameter"), np.clip(draw, low, high)),
        "prior_value": (("prior_draw", "parameter"), np.clip(prior, low, high)),
        "best": ("parameter", np.array([r[7] for r in table.values()])),
        "low": ("parameter", low),
        "high": ("parameter", high),
    }
    coords = {
        "parameter": names,
        "symbol": ("parameter", [r[0] for r in table.values()]),
        "unit": ("parameter", [r[1] for r in table.values()]),
        "description": ("parameter", [r[2] for r in table.values()]),
    }
    attrs = {"model": "fisher-kpp", "effects": ["radiotherapy", "chemotherapy"], "method": "importance", "seed": 0}
    save_dataset(folder / "posterior.zarr", xr.Dataset(data, coords, attrs))


def _calibration_json(patient: Patient, curves: dict, t: np.ndarray) -> dict:
    visits = []
    for v in patient.visits:
        observed = float(v.whole.sum()) * patient.grid.voxel_ml
        core = None if v.core is None else float(v.core.sum()) * patient.grid.voxel_ml
        at = curves["volume_ml"][:, int(np.abs(t - v.day).argmin())]
        low, middle, high = (float(q) for q in np.quantile(at, (0.05, 0.5, 0.95)))
        scores = {
            "twin": {
                "ccc": 0.953,
                "dice": 0.912,
                "volume_ml": middle,
                "volume_low_ml": low,
                "volume_high_ml": high,
                "inside_interval": low <= observed <= high,
                "volume_error_percent": 100 * (middle / observed - 1),
            }
        }
        if v.held_out:
            scores["no_change"] = {"ccc": 0.71, "dice": 0.78, "volume_ml": observed * 1.3, "volume_error_percent": 30.0}
            scores["exponential_growth"] = {
                "ccc": None,
                "dice": None,
                "volume_ml": observed * 3,
                "volume_error_percent": 200.0,
            }
        row = {"day": v.day, "name": v.name, "held_out": v.held_out, "observed_volume_ml": observed}
        visits.append({**row, "observed_core_ml": core, "scores": scores})
    return {
        "model": "fisher-kpp",
        "effects": ["radiotherapy", "chemotherapy"],
        "method": "Optuna search, then importance resampling",
        "evaluations": 200,
        "decision_day": max(v.day for v in patient.seen),
        "steps": [
            {"name": "growth", "objective": 0.041, "gain": 0.6},
            {"name": "treatment", "objective": 0.032, "gain": 0.2},
        ],
        "sentences": ["The twin explains the visits it was shown to within the segmentation error."],
        "warnings": ["Chemosensitivity is hardly constrained by these visits."],
        "visits": visits,
    }


def _scenarios(folder: Path, patient: Patient, blob: Blob, arms: tuple[str, ...], draw) -> None:
    starts, slopes, rates = draw
    t, scans = np.arange(0, HORIZON + 0.5, 2.0), np.array([DECISION, 90.0, 146.0, HORIZON])
    curves = {a: _curves(blob, patient, t, ARMS[a][2], starts, slopes, rates) for a in arms}
    probability, mean = [], []
    for rate in (ARMS[a][2] for a in arms):
        radii = np.array([radius_of(scans, rate + r, s, g) for s, g, r in zip(starts, slopes, rates, strict=True)])
        states = [[blob.fraction(r) for r in column] for column in radii.T]
        probability.append([np.mean([u > patient.visibility.threshold for u in s], axis=0) for s in states])
        mean.append([np.mean(s, axis=0) for s in states])
    space, draws = ("arm", "scan", "z", "y", "x"), len(starts)
    volume = np.stack([c["volume_ml"] for c in curves.values()])
    data = {
        **{n: (("arm", "draw", "t"), np.stack([c[n] for c in curves.values()]), {"units": "mL"}) for n in curves[arms[0]]},
        "time_to_progression_days": (("arm", "draw"), _progression(volume, t), {"units": "day"}),
        "probability": (space, np.array(probability, "f4"), {"units": "1"}),
        "mean_fraction": (space, np.array(mean, "f4"), {"units": "1"}),
        "diameter_mm": (
            ("arm", "draw", "scan"),
            2 * np.cbrt(volume[..., np.searchsorted(t, scans)] * 1000 * 0.75 / np.pi),
            {"units": "mm"},
        ),
    }
    coords = {
        "arm": list(arms),
        "draw": np.arange(draws),
        "t": ("t", t, {"units": "day"}),
        "scan": ("scan", scans, {"units": "day"}),
        **coordinates(patient.grid),
    }
    attrs = {
        "decision_day": DECISION,
        "horizon_day": HORIZON,
        "threshold": patient.visibility.threshold,
        **frame_attributes(patient.grid),
    }
    save_dataset(folder / "scenarios.zarr", xr.Dataset(data, coords, attrs))
    save_json(folder / "scenarios.json", _study(volume, arms))
    Manifest("scenarios", {"arms": list(arms), "horizon_day": HORIZON}, seed=0).write(folder)


def with_organs(patient: Patient, *names: str) -> Patient:
    """The patient with a ball beside the middle under each name; an organ at risk, vessels and a target without names."""
    index = np.indices(patient.grid.shape, float) / np.array(patient.grid.shape)[:, None, None, None]
    names = names or ("stem", "cerebral_arteries", "ptv")
    balls = {name: ((index - 0.4 - 0.05 * i) ** 2).sum(axis=0) < 0.01 for i, name in enumerate(names)}
    return replace(patient, organs=balls)


def fake_doses(patient: Patient, arms: tuple[str, ...], source: str = "", mapped: bool = True) -> xr.Dataset:
    """``doses.zarr`` of a dose that falls off from the middle: organs "stem" and "cord" and the target "ptv"."""
    place = np.indices(patient.grid.shape, float) / np.array(patient.grid.shape)[:, None, None, None] - 0.5
    dose = np.stack([60 * np.exp(-8 * (place**2).sum(axis=0))] * len(arms)).astype("f4")
    edges, organs = np.arange(0, 65, 0.5), ["stem", "cord", "ptv"]
    shares = np.stack([np.clip(1 - edges / top, 0, 1) for top in (20.0, 50.0, 62.0)])
    data = {
        "dose_gy": (("arm", "z", "y", "x"), dose, {"units": "Gy"}),
        "dvh_eqd2": (("arm", "organ", "dose"), np.stack([shares] * len(arms))),
        "is_target": ("organ", [False, False, True]),
        "mapped": ("arm", [mapped] * len(arms)),
        "dose_from": ("arm", [source] * len(arms)),
    }
    return xr.Dataset(data, {"arm": list(arms), "organ": organs, "dose": edges, **coordinates(patient.grid)})


def _progression(volume: np.ndarray, t: np.ndarray) -> np.ndarray:
    after = t >= DECISION
    nadir = np.minimum.accumulate(volume[..., after], axis=-1)
    worse = volume[..., after] >= 1.4 * nadir
    first = np.where(worse.any(-1), t[after][worse.argmax(-1)] - DECISION, np.nan)
    return first


def _study(volume: np.ndarray, ids: tuple[str, ...]) -> dict:
    end = volume[..., -1]
    reference = end[ids.index("standard")]
    comparisons = []
    for i, arm in enumerate(ids):
        if arm != "standard":
            low, middle, high = (float(q) for q in np.quantile(end[i] - reference, (0.05, 0.5, 0.95)))
            row = {"arm": arm, "reference": "standard", "endpoint": f"volume on day {HORIZON:g}", "unit": "mL"}
            chance = float((end[i] < reference).mean())
            comparisons.append({**row, "median_difference": middle, "low": low, "high": high, "probability_lower": chance})
    rest = {"what": "radiotherapy", "from_day": 42, "to_day": 60, "count": 15, "amount": 2.0, "unit": "Gy"}
    drug = {"what": "temozolomide", "from_day": 42, "to_day": 62, "count": 21, "amount": 75.0, "unit": "mg/m2"}
    cycle = {"what": "temozolomide", "from_day": 90, "to_day": 94, "count": 5, "amount": 150.0, "unit": "mg/m2"}
    arms = []
    for arm, (label, words, _) in ((a, ARMS[a]) for a in ids):
        schedule = [] if arm == "none" else [rest, drug, cycle]
        numbers = {"total_gy": 30.0, "fractions": 15, "bed_gy": 36.0, "eqd2_gy": 30.0, "drug_doses": 26}
        if arm == "none":
            numbers = {"total_gy": 0.0, "fractions": 0, "bed_gy": 0.0, "eqd2_gy": 0.0, "drug_doses": 0}
        arms.append({"id": arm, "label": label, "words": words, "schedule": schedule, **numbers})
    return {
        "reference": "standard",
        "decision_day": DECISION,
        "horizon_day": HORIZON,
        "arms": arms,
        "comparisons": comparisons,
        "conclusion": [
            "By day 182 the dose-escalated boost leaves less visible tumour than the standard course in 24 of 24 simulated "
            "courses.",
            "Hypofractionated and standard treatment cannot be told apart: their difference lies within the interval.",
        ],
        "failed": [],
    }


def renamed(patient: Patient, text: str) -> Patient:
    """The patient with ``text`` in every name and note: what a careless or hostile case file could hold."""
    visits = tuple(replace(v, name=f"{text} {v.name}", alignment=text) for v in patient.visits)
    return replace(patient, name=text, site=patient.site, visits=visits, notes=(text,))
