from __future__ import annotations

import re

import numpy as np
import pytest

from twin.treatment import Plan, chemotherapy, radiotherapy
from twin.visual import tracks
from twin.visual.densities import Agreement, Density, _marks, _plain, _span, agreement_figure, densities_png, density_svg
from twin.visual.fan import Course, Observation, fan_svg, fans_png, shared_axes
from twin.visual.figure import figure, slug, svg

T = np.arange(0, 100.0, 5)


def course(name: str, rate: float, given=()) -> Course:
    start = np.random.default_rng(1).uniform(9, 11, (40, 1))
    return Course(name, name.title(), "#0072B2", T, start * np.exp(rate * T), tuple(given))


def test_bands_are_the_quantiles_of_the_draws():
    fan = course("a", 0.0)
    assert fan.bands.shape == (5, T.size)
    assert fan.bands[2, 3] == pytest.approx(np.median(fan.volume_ml[:, 3]))
    assert (np.diff(fan.bands, axis=0) >= 0).all()


def test_one_scale_for_all_logarithmic_only_where_one_arm_would_flatten_the_others():
    mild = shared_axes([course("a", 0.001), course("b", -0.01)], [], 40, 0.001)
    assert not mild.log and mild.top_ml >= course("a", 0.001).bands[-1].max()
    wild = shared_axes([course("a", 0.05), course("b", -0.01), course("c", -0.01)], [], 40, 0.001)
    assert wild.log and 0 < wild.floor_ml < wild.top_ml


def test_observed_volumes_are_never_cut_off():
    axes = shared_axes([course("a", 0.0)], [Observation(10, 99.0, False)], None, 0.001)
    assert axes.top_ml > 99


def test_a_fan_is_one_svg_with_page_colours_and_unique_ids():
    fan = course("Arm <1>", 0.0, [tracks.Given("radiotherapy", 20, 2, "Gy")])
    axes = shared_axes([fan], [], 40, 0.01)
    text = fan_svg(fan, axes, [Observation(10, 9, False), Observation(60, 11, True)], None)
    assert text.startswith('<svg role="img" aria-label="Volume over time, Arm &lt;1&gt;')
    assert "var(--c-0072b2)" in text and "var(--ink)" in text and "http" not in text and "<style" not in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert ids and len(ids) == len(set(ids)) and all(i.startswith("fan-arm-1-") for i in ids)
    for target in re.findall(r'(?:url\(#|href="#)([^)"]+)', text):
        assert target in ids


def test_all_fans_in_one_file_are_not_empty():
    arms = [course("a", 0.0), course("b", 0.01)]
    axes = shared_axes(arms, [], 40, 0.01)
    pixels = fans_png(arms, axes, [[], [Observation(10, 9, False)]], arms[0])
    assert (pixels < 200).any(axis=2).sum() > 2000 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50


def test_a_persons_dollar_signs_are_no_formula():
    with figure(2, 1) as fig:
        fig.text(0, 0.5, r"a $\frac{b & <c>$")
        assert "$\\frac{b &amp; &lt;c&gt;$" in svg(fig, "x", "y")


def test_slugs_are_safe_names():
    assert slug("../../etc/Passwd <x>") == "etc-passwd-x" and slug("…") == "item"


@pytest.mark.parametrize(
    ("row", "days"),
    [
        ({"from_day": 42, "to_day": 53, "count": 10, "rhythm": "weekdays"}, [42, 43, 44, 45, 46, 49, 50, 51, 52, 53]),
        ({"from_day": 46, "to_day": 50, "count": 3, "rhythm": "weekdays"}, [46, 49, 50]),
        ({"from_day": 1, "to_day": 30, "count": 4, "rhythm": "days 1-2 every 28 days"}, [1, 2, 29, 30]),
        ({"from_day": 0, "to_day": 42, "count": 3, "rhythm": "every 21 days"}, [0, 21, 42]),
        ({"from_day": 5, "to_day": 7, "count": 3, "rhythm": ""}, [5, 6, 7]),
        ({"from_day": 5, "to_day": 5, "count": 1}, [5]),
        ({"from_day": 0, "to_day": 90, "count": 3, "rhythm": "days 1-2 every 28 days"}, [0, 45, 90]),
    ],
)
def test_days_follow_the_rhythm_where_it_fits(row, days):
    assert tracks.days_of({"what": "x", "amount": 1, "unit": "", **row}) == pytest.approx(days)


def test_schedules_give_the_days_of_the_plan():
    from scenarios.schedule import schedule

    plan = Plan((radiotherapy(21, 60, 30), chemotherapy("temozolomide", 75, range(21, 63))))
    for start in (90, 118, 146):
        plan += Plan((chemotherapy("temozolomide", 200, range(start, start + 5)),))
    drawn, given = (
        sorted((g.what, g.day, g.amount) for g in gs) for gs in (tracks.of_schedule(schedule(plan)), tracks.of_plan(plan))
    )
    assert drawn == given


def density(low: float, high: float, log: bool = True) -> Density:
    rng = np.random.default_rng(0)
    prior, posterior = rng.normal(0, 1, 500), rng.normal(0.3, 0.1, 60)
    make = (lambda z: 0.1 * np.exp(z)) if log else (lambda z: 1 + 0.03 * z)
    return Density("d", "label", "mm2/day", make(prior), make(posterior), low, high)


@pytest.mark.parametrize("item", [density(1e-6, 10), density(0.85, 1.15, log=False)])
def test_the_axis_holds_both_densities_and_a_few_round_marks(item):
    low, high = _span(item)
    marks = _marks(item, low, high)
    assert 2 <= len(marks) <= 5 and all(low <= item.working(np.array(m)) <= high for m in marks)
    for draws in (item.prior, item.posterior):
        assert np.mean((item.working(draws) >= low) & (item.working(draws) <= high)) > 0.97


def test_marks_are_written_without_e():
    assert [_plain(v) for v in (0, 0.001, 1e-6, 250)] == ["0", "0.001", "10⁻⁶", "250"]


def test_densities_are_drawn():
    item = density(1e-6, 10)
    assert "var(--c-0072b2)" in density_svg(item)
    assert (densities_png([item, item]) < 200).any(axis=2).sum() > 1000


def test_a_value_beyond_the_axis_is_written_at_its_edge():
    rows = [Agreement("day 1", True, 10.0, (8.0, 9.0, 11.0), 12.0, 400.0), Agreement("day 2", False, 9.0, None, None, None)]
    assert ">400<" in str(agreement_figure(rows, as_svg=True))
    assert (agreement_figure(rows, as_svg=False) < 200).any(axis=2).sum() > 500
