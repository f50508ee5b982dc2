"""A volume grows as tumours of its organ do, whatever the law, until readings say otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from calibration.structure import Structure
from calibration.volume.calibrate import calibrate_sizes
from calibration.volume.growth import ELSEWHERE, KNOWN, ROOM, doubling
from calibration.volume.structure import course, parameters
from scenarios.cli.sizes import report
from solvers.model import models
from twin.sizes import Size, SizeSeries


def series(site: str, *volumes: float) -> SizeSeries:
    return SizeSeries("one", site, tuple(Size(40.0 * k, f"reading {k}", v) for k, v in enumerate(volumes)))


@pytest.mark.parametrize("law", list(models.names()))
@pytest.mark.parametrize("site", [*KNOWN, "pancreas"])
def test_every_law_doubles_a_volume_as_tumours_of_the_organ_do(law, site):
    one, structure = series(site, 8.0), Structure(law, ())
    values = {p.name: p.prior.median for p in parameters(one, structure)} | {"capacity_ml": ROOM * 8.0}
    start, after = course(one, structure, values, (0.0, 1.0))
    # ln 2 over the rate on the first day; bounds of a rate cut what is slower
    assert math.log(2.0) / (after - start) == pytest.approx(doubling(site).days, rel=0.05 if site != "prostate" else 0.4)


def test_nothing_known_is_wider_than_every_organ():
    assert all(ELSEWHERE.spread > known.spread for known in KNOWN.values())
    assert doubling(" Lung ") is KNOWN["lung"] and doubling("pancreas") is ELSEWHERE


def test_a_lung_lesion_is_not_forecast_as_a_glioma(tmp_path):
    found = {
        site: calibrate_sizes(
            series(site, 8.0), tmp_path / site, structure=Structure("fisher-kpp", ()), draws=200, prior_only=True
        )
        for site in ("lung", "brain", "pancreas")
    }
    last = {site: np.quantile(twin.fit["volume_ml"].values[:, -1], [0.05, 0.5, 0.95]) for site, twin in found.items()}
    assert (
        last["lung"][0] < 8.2 < last["lung"][2] and 8.0 < last["lung"][1] < 14.0
    )  # 84 days: 8.2 mL was read; 10.9 expected
    assert last["brain"][1] > 2.5 * last["lung"][1]
    assert last["pancreas"][2] / last["pancreas"][0] > last["lung"][2] / last["lung"][0]
    assert any("double the volume in 191 days" in s and "Mackintosh" in s for s in found["lung"].summary["sentences"])
    assert not found["lung"].summary["warnings"]
    assert (
        "No doubling time of untreated tumours is on record for the site 'pancreas'"
        in found["pancreas"].summary["warnings"][0]
    )
    pages = {site: report(tmp_path / site, tmp_path / site).read_text(encoding="utf-8") for site in ("lung", "pancreas")}
    assert "191 days" in pages["lung"] and "of other organs, and wide" in pages["pancreas"]
