"""The pictures of a report, made from results one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from twin.fields import bounding_box
from twin.grid import Box, triple
from twin.progress import Progress, stage
from twin.report import numbers as n
from twin.report.growth import growth_picture
from twin.report.interactive import Interactive, interactive
from twin.report.isodose import relative_doses
from twin.report.results import Results
from twin.visual.checkerboard import checkerboard_row, registered_visits
from twin.visual.figure import slug
from twin.visual.picture import Picture
from twin.visual.probe import can_mesh, can_render
from twin.visual.scene import SceneMaker, Shown
from twin.visual.slices import agreement_row, change_row, forecast_panel, old_and_new, visit_row
from twin.visual.view import View, view_of


@dataclass(frozen=True)
class Panel:
    """A picture of a series with the words above it."""

    label: str
    note: str
    picture: Picture


@dataclass(frozen=True)
class Series:
    """Panels with one camera and one scale, and the words for the tab that shows them."""

    key: str
    title: str
    words: str
    panels: tuple[Panel, ...]


@dataclass
class Gallery:
    """Everything that is shown; ``no_3d`` says why there are no pictures of scenes, if there are none."""

    view: View
    no_3d: str = ""
    heroes: list[Picture] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    key: Picture | None = None
    history: list[Picture] = field(default_factory=list)
    agreement: list[Picture] = field(default_factory=list)
    growth: Picture | None = None
    scene: Interactive | None = None

    def all(self) -> Iterator[Picture]:
        yield from self.heroes
        for series in self.series:
            yield from (panel.picture for panel in series.panels)
        yield from (self.key,) if self.key else ()
        yield from self.history
        yield from self.agreement
        yield from (self.growth,) if self.growth else ()


@dataclass(frozen=True)
class State:
    """One state of the tumour that every series shows: now, or an arm at the horizon, or a visit of the fit."""

    key: str
    label: str
    note: str
    words: str
    shown: Shown


def make_gallery(results: Results, progress: Progress) -> Gallery:
    """All pictures but the charts."""
    able, reason = can_render()
    gallery = Gallery(view_of(results.patient), "" if able else reason)
    states = states_of(results)
    dosed = sum(s.shown.relative_dose is not None for s in states)
    count = (2 + 2 * len(states) + dosed if able else 0) + len(states) + can_mesh() + 1 + len(results.patient.held_out)
    with stage(progress, "pictures", count):
        lesions = _union(gallery.view, states)
        _flat(results, gallery, states, lesions, progress.advance)
        if can_mesh():
            maker = _maker(results, gallery.view, states, lesions)
            gallery.scene = interactive(results, gallery.view, maker.far)
            progress.advance()
            if able:
                _scenes(results, gallery, states, maker, progress.advance)
    return gallery


def _now_and_sure(results: Results, states: list[State]) -> tuple[State, State]:
    """The two states that lead the page: now, and the reference at the horizon."""
    now = next((s for s in states if s.key == "now"), states[len(results.patient.seen) - 1 if not results.arms else 0])
    return now, next((s for s in states if s.key == results.reference), states[-1])


def _maker(results: Results, view: View, states: list[State], lesions: np.ndarray) -> SceneMaker:
    """The scenes' maker: the organ is opened for the tumour of the two leading states."""
    main = _union(view, list(_now_and_sure(results, states)))
    return SceneMaker(view, main if main.any() else lesions, lesions)


def states_of(results: Results) -> list[State]:
    """Now and every arm at the horizon; without scenarios, every visit as the twin fits or forecasts it."""
    return _arm_states(results) if results.arms else _visit_states(results)


def _arm_states(results: Results) -> list[State]:
    data, core = results.scenarios, results.patient.visibility.core
    assert data is not None
    scans = [float(d) for d in data["scan"].values]
    at_now = int(np.abs(np.array(scans) - results.decision_day).argmin())

    doses = relative_doses(results)

    def shown(arm: str, scan: int, dose: Callable[[], np.ndarray] | None = None) -> Shown:
        return Shown(
            lambda: data["probability"].sel(arm=arm).isel(scan=scan).values,
            (lambda: data["mean_fraction"].sel(arm=arm).isel(scan=scan).values) if core is not None else None,
            core,
            dose,
        )

    first, now = f"day {n.day(scans[at_now])}", _now_note(results, scans[at_now])
    states = [State("now", f"Now, {first}", now, f"now, on {first}", shown(results.reference or "", at_now))]
    for arm in results.arms:
        note = _volume_note(results, arm["id"], scans[-1])
        words = f"under '{arm['label']}' on day {n.day(scans[-1])}"
        states.append(State(arm["id"], arm["label"], note, words, shown(arm["id"], len(scans) - 1, doses.get(arm["id"]))))
    return states


def _volume_note(results: Results, arm: str, day: float) -> str:
    low, middle, high = n.summary(results.at_day(arm, "volume_ml", day))
    return f"{n.volume(middle)} mL ({n.volume(low)} – {n.volume(high)})"


def _now_note(results: Results, day: float) -> str:
    """The twin's volume now beside the observed one: they need not agree, and the reader must see it."""
    words = f"twin {_volume_note(results, results.reference or '', day)}"
    seen = results.patient.seen[-1]
    if seen.whole is None or abs(seen.day - day) > 0.5:
        return words
    return f"{words}, observed {n.volume(seen.whole.sum() * results.patient.grid.voxel_ml)} mL"


def _visit_states(results: Results) -> list[State]:
    fit, core = results.fit, results.patient.visibility.core
    t, states = fit["t"].values, []
    for i, visit in enumerate(results.patient.visits):

        def read(name: str, i: int = i) -> Callable[[], np.ndarray]:
            return lambda: fit[name].isel(visit=i).values

        low, middle, high = n.summary(fit["volume_ml"].values[:, int(np.abs(t - visit.day).argmin())])
        kind = "forecast (held out)" if visit.held_out else "fitted"
        note = f"{kind}: {n.volume(middle)} mL ({n.volume(low)} – {n.volume(high)})"
        shown = Shown(read("probability"), read("predicted_fraction") if core is not None else None, core)
        label = f"Day {n.day(visit.day)}, {visit.name}"
        states.append(State(f"visit-{i}", label, note, f"{kind} on day {n.day(visit.day)}", shown))
    return states


def _union(view: View, states: list[State]) -> np.ndarray:
    """Everything that is probably tumour in any of the states, in display order."""
    union = np.zeros(view.patient.grid.shape, bool)
    for state in states:
        union |= np.nan_to_num(state.shown.probability()) > 0.5
    return view.show(union)


def _site(results: Results) -> str:
    return results.patient.site


def _registered(results: Results, view: View) -> list[Picture]:
    """A checkerboard of every visit that was registered to the baseline."""
    first, made = results.patient.visits[0], []
    for visit, role in registered_visits(results.patient):
        pixels = checkerboard_row(view, first.images[role].values, visit.images[role].values)
        day = n.day(visit.day)
        alt = f"The {role} of day {day} and of the baseline in alternate squares, in three planes."
        title = f"Day {day} registered to the baseline: edges must run on from square to square"
        made.append(Picture(f"registration-day-{slug(day)}", alt, pixels, title, visit.alignment))
    return made


def _flat(results: Results, gallery: Gallery, states: list[State], lesions: np.ndarray, tick: Callable[[], None]) -> None:
    """Slices: the visits, the change between them, the forecasts, the held-out visits."""
    view, seen = gallery.view, results.patient.seen
    gallery.history += _history(results, view) + _registered(results, view)
    gallery.key = _key(results, view)
    gallery.growth = growth_picture(results, view)
    tick()
    now, box = seen[-1].whole, _axial_box(view, lesions)
    panels = []
    for state in states:
        base = None if state.key == "now" else now
        pixels = forecast_panel(view, np.nan_to_num(state.shown.probability()), base, box)
        alt = f"Axial slice of the {_site(results)} with the outline of the tumour {state.words}: {state.note}."
        panels.append(Panel(state.label, state.note, Picture(f"slice-{slug(state.key)}", alt, pixels)))
        tick()
    words = "One axial slice, one window. Dashed blue: the outline in half of the simulated courses; shaded: from 5 to 95 %."
    gallery.series.append(Series("slice", "Axial slice", words, tuple(panels)))
    fit = results.fit
    close = _close_box(view, view.show(_seen_anywhere(results)))
    for i, visit in enumerate(results.patient.visits):
        if visit.held_out:
            fields = {
                name: fit[name].isel(visit=i).values for name in ("observed_fraction", "predicted_fraction", "probability")
            }
            pixels = agreement_row(view, fields, visit.whole, close)
            title = f"Day {n.day(visit.day)}, {visit.name} (held out)"
            day = n.day(visit.day)
            alt = f"Three axial slices on day {day}: observed cell fraction, predicted cell fraction, both outlines."
            gallery.agreement.append(Picture(f"held-out-day-{slug(n.day(visit.day))}", alt, pixels, title))
            tick()


def _seen_anywhere(results: Results) -> np.ndarray:
    """The union of all lesions of the visits, held out or not."""
    found = [v.whole for v in results.patient.visits if v.whole is not None]
    return np.logical_or.reduce(found) if found else np.zeros(results.patient.grid.shape, bool)


def _history(results: Results, view: View) -> list[Picture]:
    """The first and the last visit seen, and what changed between them."""
    seen = [v for v in results.patient.seen if v.whole is not None]
    found = []
    for visit in [seen[0], seen[-1]] if len(seen) > 1 else seen:
        ml = n.volume(visit.whole.sum() * results.patient.grid.voxel_ml) if visit.whole is not None else n.NOTHING
        title, day = f"Day {n.day(visit.day)}, {visit.name}", n.day(visit.day)
        alt = f"Axial, coronal and sagittal slice on day {day}; the lesion outlined measures {ml} mL."
        found.append(Picture(f"visit-day-{slug(day)}", alt, visit_row(view, visit), title, f"{ml} mL"))
    if len(seen) > 1:
        before, after = seen[0].whole, seen[-1].whole
        assert before is not None and after is not None
        grown, lost = (float(m.sum()) * results.patient.grid.voxel_ml for m in (after & ~before, before & ~after))
        note = f"{n.volume(grown)} mL gained, {n.volume(lost)} mL lost"
        title = f"Change, day {n.day(seen[0].day)} to {n.day(seen[-1].day)}"
        alt = f"The same three slices with growth and shrinkage marked: {note}."
        found.append(Picture("visit-change", alt, change_row(view, before, after), title, note))
    return found


def _key(results: Results, view: View) -> Picture | None:
    """Old against new on one slice: the first and the last visit that the twin has seen."""
    seen = [v for v in results.patient.seen if v.whole is not None]
    if len(seen) < 2:
        return None
    first, last = (f"day {n.day(v.day)}" for v in (seen[0], seen[-1]))
    note = f"left to right: {first}, {last}, and the change between them"
    alt = (
        f"The same axial slice at the same window: the lesion outlined on {first} and on {last}, then growth and shrinkage."
    )
    pixels = old_and_new(view, seen[0], seen[-1], _close_box(view, view.show(_seen_anywhere(results))))
    return Picture("old-and-new", alt, pixels, "Old against new", note)


def _axial_box(view: View, lesions: np.ndarray) -> Box:
    """The axial window of small panels: the whole organ, or around the lesion where that is small in a large organ."""
    z, y, x = view.box
    if not lesions.any():
        return (z, y, x)
    margins = triple(max(1, round(30 / h)) for h in view.spacing)
    _, near_y, near_x = bounding_box(lesions, margins)
    wide = max(near_x.stop - near_x.start, 1) * view.spacing[2]
    whole = (x.stop - x.start) * view.spacing[2]
    return (z, y, x) if wide > 0.45 * whole else (z, near_y, near_x)


def _close_box(view: View, lesion: np.ndarray, room_mm: float = 22.0, shape: float = 0.8) -> Box:
    """A window around a lesion, ``shape`` times as high as wide, inside the image."""
    if not lesion.any():
        return view.box
    z, y, x = bounding_box(lesion, triple(round(room_mm / h) for h in view.spacing))
    (_, dy, dx), (_, ny, nx) = view.spacing, lesion.shape
    wide = max((x.stop - x.start) * dx, (y.stop - y.start) * dy / shape)
    return (z, _around(y, wide * shape / dy, ny), _around(x, wide / dx, nx))


def _around(part: slice, width: float, most: int) -> slice:
    """A slice of about ``width`` voxels with the same middle, moved to lie inside 0..``most``."""
    width = min(round(width), most)
    start = min(max(0, round((part.start + part.stop - width) / 2)), most - width)
    return slice(start, start + width)


def _scenes(results: Results, gallery: Gallery, states: list[State], maker: SceneMaker, tick: Callable[[], None]) -> None:
    site, (now, sure) = _site(results), _now_and_sure(results, states)
    alt = f"The {site} cut open at the tumour {now.words}: {now.note}."
    gallery.heroes.append(Picture("now-cutaway", alt, maker.cutaway_hero(now.shown), now.label, now.note))
    tick()
    alt = f"The {site} as glass with shells of 95, 50 and 5 per cent probability of tumour {sure.words}: {sure.note}."
    title = sure.label if sure.key.startswith("visit-") else f"{sure.label}, day {n.day(results.horizon_day)}"
    gallery.heroes.append(Picture("forecast-shells", alt, maker.glass_hero(sure.shown), title, sure.note))
    tick()
    shown, by_key = {s.key: s.shown for s in states}, {s.key: s for s in states}
    cut, shells = [], []
    for key, pixels in maker.cutaways(shown):
        state = by_key[key]
        alt = f"The {site} cut open, with the tumour {state.words}: {state.note}."
        cut.append(Panel(state.label, state.note, Picture(f"cutaway-{slug(key)}", alt, pixels)))
        tick()
    for key, pixels in maker.glasses(shown):
        state = by_key[key]
        alt = f"Glass view with shells of 95, 50 and 5 per cent probability of tumour {state.words}: {state.note}."
        shells.append(Panel(state.label, state.note, Picture(f"shells-{slug(key)}", alt, pixels)))
        tick()
    dosed = []
    for key, pixels in maker.doses(shown):
        state = by_key[key]
        alt = f"Glass view with shells of 95 and 50 per cent of the prescribed dose, and the tumour {state.words}."
        dosed.append(Panel(state.label, "", Picture(f"dose-{slug(key)}", alt, pixels)))
        tick()
    words = "Cut open at the tumour. Amber: visible tumour in at least half of the simulated courses"
    words += "; red: its core." if results.patient.visibility.core is not None else "."
    certain = "How sure: red, tumour in 95 % of the simulated courses; amber, in half of them; blue, in 5 %."
    gallery.series[:0] = [
        Series("cutaway", "Cut open", words, tuple(cut)),
        Series("shells", "How sure", certain, tuple(shells)),
    ]
    if dosed:
        words = "Shells of the whole course: pink, 95 % of the prescribed dose; green, 50 %; amber, the tumour that is left."
        gallery.series.insert(2, Series("dose", "Dose", words, tuple(dosed)))
