"""Parameters as they are known organ by organ."""

from __future__ import annotations

import pytest

from solvers.model import models
from twin.errors import DataRefused
from twin.parameter import declared


def known(site: str):
    return {p.name: p for p in declared(models["fisher-kpp"], site)}


def test_a_breast_tumour_has_its_own_ranges_and_sources():
    brain, breast = known("brain"), known("breast")
    assert brain["proliferation_per_day"].low > 0 > breast["proliferation_per_day"].low
    assert breast["diffusivity_mm2_per_day"].prior.median < brain["diffusivity_mm2_per_day"].prior.median / 10
    assert "Jarrett" in breast["proliferation_per_day"].source
    for p in breast.values():
        assert p.low <= p.default <= p.high and p.low <= p.prior.median <= p.high, p.name


def test_net_death_is_accepted_where_some_organ_knows_it_and_nothing_beyond():
    assert models["fisher-kpp"](proliferation_per_day=-0.1).accuracy_rate == pytest.approx(0.1)
    with pytest.raises(DataRefused, match="outside its range"):
        models["fisher-kpp"](proliferation_per_day=-0.6)
    with pytest.raises(DataRefused, match="outside its range"):
        models["gompertz"](retardation_per_day=-0.1)
