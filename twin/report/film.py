"""Films of the options: the glass view from the decision to the horizon, one film an option and all side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import DataRefused, OncotwinError
from twin.progress import SILENT, Progress, stage
from twin.report import numbers as n
from twin.report.charts import courses_of
from twin.report.results import Results, read_results
from twin.visual import movie
from twin.visual.annotate import annotated
from twin.visual.between import distances, shells
from twin.visual.cutaway import camera_for, close_up, notch_for
from twin.visual.fan import Course
from twin.visual.figure import slug
from twin.visual.glass import Glass
from twin.visual.probe import can_render
from twin.visual.stage import Camera, Stage, on_ground
from twin.visual.view import View, view_of

SCENE = (480, 304)
GROUND = "#10161d"


@dataclass(frozen=True)
class Reel:
    """One option: its course in numbers, and the probability maps on the days of the scans."""

    course: Course
    days: list[float]
    maps: list[np.ndarray] = field(repr=False)


def write_films(
    folder: Path, out: Path | None = None, arms: list[str] | None = None, frames: int = 36, progress: Progress = SILENT
) -> list[Path]:
    """``films/OPTION.mp4`` and ``.gif`` for every option (or ``arms``), and all side by side where there are several.

    Every frame says its day, the volume with its 90 % interval, and that it is for research only. Between scans the shells
    are interpolated. Raises DataRefused for an arm that the study does not have, OncotwinError where VTK cannot render.
    """
    able, reason = can_render()
    if not able:
        raise OncotwinError(f"A film needs three-dimensional pictures: {reason}.", remedy="see `oncotwin doctor`")
    movie.coder()
    results, target = read_results(folder), (out or folder) / "films"
    reels, view = reels_of(results, arms), view_of(results.patient)
    target.mkdir(parents=True, exist_ok=True)
    with stage(progress, "film", len(reels) * frames):
        strips = [list(_frames(reel, reels, view, frames, progress)) for reel in reels]
    made = []
    for reel, strip in zip(reels, strips, strict=True):
        made += movie.save(strip, target / slug(reel.course.name))
    if len(reels) > 1:
        made += movie.save([movie.side_by_side(part) for part in zip(*strips, strict=True)], target / "side-by-side")
    return made


def reels_of(results: Results, arms: list[str] | None) -> list[Reel]:
    """The options to film, in the study's order; without options, the fit over the visits."""
    courses = {c.name: c for c in courses_of(results)}
    unknown = [a for a in arms or [] if a not in courses]
    if unknown:
        raise DataRefused(
            f"The study has no option '{unknown[0]}'.",
            where="--arm",
            remedy=f"its options are {', '.join(courses)}",
        )
    wanted = [c for name, c in courses.items() if not arms or name in arms]
    return [Reel(course, *_maps(results, course)) for course in wanted]


def _maps(results: Results, course: Course) -> tuple[list[float], list[np.ndarray]]:
    if results.scenarios is None or not results.arms:
        days = [v.day for v in results.patient.visits]
        return days, [np.nan_to_num(p.values) for p in results.fit["probability"].transpose("visit", ...)]
    data = results.scenarios["probability"].sel(arm=course.name)
    return [float(d) for d in data["scan"].values], [np.nan_to_num(p.values) for p in data.transpose("scan", ...)]


def _frames(reel: Reel, reels: list[Reel], view: View, count: int, progress: Progress) -> Iterator[np.ndarray]:
    """The frames of one option; the camera is the same for all of them."""
    lesions = view.show(np.logical_or.reduce([m > 0.05 for r in reels for m in r.maps]))
    aspect = SCENE[0] / SCENE[1]
    camera = _camera(view, lesions, aspect)
    glass, theatre = Glass(view, camera), Stage(camera, SCENE, oversample=1.35)
    glass.furnish(theatre)
    marks = [distances(view.show(m), view.spacing) for m in reel.maps]
    chart = movie.chart(reel.course, [r.course for r in reels])
    for day in np.linspace(reel.days[0], reel.days[-1], count):
        i, share = _between(reel.days, float(day))
        actors = glass.add(theatre, shells(marks[i], marks[min(i + 1, len(marks) - 1)], share, view.spacing))
        picture = annotated(theatre.shoot(), camera, small=True).astype(np.float32) / 255
        theatre.remove(actors)
        yield movie.frame(on_ground(picture, GROUND), chart, reel.course, float(day), _words(reel.course, float(day)))
        progress.advance()
    theatre.close()


def _camera(view: View, lesions: np.ndarray, aspect: float) -> Camera:
    """Close to the tumour; the whole organ where a close-up would cut off little of it."""
    whole = camera_for(view, notch_for(view, lesions), aspect)
    near = close_up(view, whole, lesions, aspect, room_mm=26.0)
    return whole if near.half_height_mm > 0.6 * whole.half_height_mm else near


def _between(days: list[float], day: float) -> tuple[int, float]:
    """The scan before a day, and how far it lies on the way to the next."""
    i = min(int(np.searchsorted(days, day, side="right")) - 1, max(0, len(days) - 2))
    return i, 0.0 if len(days) == 1 else float(np.clip((day - days[i]) / (days[i + 1] - days[i]), 0, 1))


def _words(course: Course, day: float) -> str:
    nearest = int(np.abs(course.t - day).argmin())
    low, middle, high = n.summary(course.volume_ml[:, nearest])
    return f"day {day:.0f}   {n.volume(middle)} mL ({n.volume(low)} – {n.volume(high)})"


def films_of(made: list[Path]) -> dict[str, Any]:
    """What was written, by kind."""
    return {kind: [p for p in made if p.suffix == f".{kind}"] for kind in ("mp4", "gif")}
