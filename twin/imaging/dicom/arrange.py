"""From a study's contents to visits: which date shows what, which series is taken, which outline belongs where."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.dicom.contents import Contents, Shown
from twin.imaging.dicom.element import text
from twin.imaging.dicom.file import Source
from twin.imaging.dicom.finding import unusable
from twin.imaging.dicom.mapping import Mapping as Answers
from twin.imaging.dicom.region import IGNORE, TISSUE, Meaning, meaning
from twin.imaging.dicom.role import OTHER, Role
from twin.imaging.dicom.rtstruct import Contours
from twin.imaging.dicom.seg import Segmentation
from twin.imaging.dicom.series import File, SetAside, Volume
from twin.imaging.dicom.stack import grid_of_layout

FIRST = ("t1gd", "t1", "flair", "t2", "ct", "pet", "adc")
"""The image on whose grid a visit is outlined and the patient is modelled, best first."""


@dataclass(frozen=True)
class Outline:
    """A region outlined at a visit: its name in the data, what it is, and its mask on demand."""

    name: str
    number: int
    meaning: Meaning
    drawn: Contours | Segmentation = field(repr=False)
    segment: int
    grid: Grid | None
    source: Source

    def mask(self, grid: Grid) -> np.ndarray:
        """The region on ``grid``."""
        if isinstance(self.drawn, Segmentation):
            return self.drawn.mask(self.segment, grid)
        return self.drawn.mask(grid, None if self.grid is None else _step(self.grid, self.drawn))


def _step(grid: Grid, drawn: Contours) -> float | None:
    """The slice distance of the image that contours were drawn on, if they were drawn on its slices."""
    turn = np.reshape(grid.direction, (3, 3))
    along = np.abs(drawn.planes().normal @ turn)
    axis = int(np.argmax(along))
    return grid.spacing_mm[2 - axis] if along[axis] > 0.9999 else None


@dataclass
class Visit:
    """One scan date: an image for each role, and outlines."""

    date: datetime.date
    images: dict[str, Shown] = field(default_factory=dict)
    outlines: list[Outline] = field(default_factory=list)

    @property
    def first(self) -> Volume | None:
        return next((self.images[r].volume for r in FIRST if r in self.images), None)

    @property
    def frames_of_reference(self) -> set[str]:
        return {s.volume.series.frame_of_reference for s in self.images.values()}

    def targets(self) -> dict[str, list[Outline]]:
        """Region -> the outlines that make it."""
        found: dict[str, list[Outline]] = defaultdict(list)
        for outline in self.outlines:
            if outline.meaning.target not in (None, IGNORE):
                found[outline.meaning.target].append(outline)
        return dict(found)


@dataclass
class Arranged:
    """The visits in order, what was not used and why, and outlines whose meaning is not known."""

    visits: list[Visit]
    aside: list[SetAside]
    unknown: list[Outline]
    unplaced: list[str]
    notes: list[str]

    @property
    def baseline(self) -> datetime.date:
        return self.visits[0].date

    def day(self, date: datetime.date) -> int:
        return (date - self.baseline).days


def arrange(contents: Contents, answers: Answers) -> Arranged:
    """Visits by date, the earliest that shows anything being day 0; raises if the study holds no usable image."""
    dated = [s for s in contents.images if s.date is not None]
    if not dated:
        raise _nothing(contents)
    start = min(s.date for s in dated if s.date)
    keyed = [(key, s) for s in dated for key in [series_key(s, start)]]
    answered = [Shown(s.volume, _answered(s.role, key, answers)) for key, s in keyed]
    visits = {day: Visit(day) for day in sorted({s.date for s in answered if s.role.name != OTHER and s.date})}
    aside = list(contents.aside) + [SetAside(s.volume.name, s.role.how) for s in answered if s.role.name == OTHER]
    notes: list[str] = []
    for visit in visits.values():
        _fill(visit, [s for s in answered if s.date == visit.date and s.role.name != OTHER], aside)
    for visit in visits.values():
        if not visit.images:
            notes.append(f"day {(visit.date - start).days}: no series of this date can be used")
    kept = [v for v in visits.values() if v.images]
    if not kept:
        raise _nothing(contents)
    unplaced = _outline(kept, contents, answers)
    unknown = [o for v in kept for o in v.outlines if o.meaning.target is None]
    return Arranged(_worth(kept, aside), aside, unknown, unplaced, notes)


def _nothing(contents: Contents) -> DataRefused:
    files = f"{contents.files} DICOM file{'s' * (contents.files > 1)}"
    seen = f"{files}, but no image series that can be used" if contents.files else "no DICOM file and no other image"
    reasons = "; ".join([*(str(r.what) for r in contents.refused[:3]), *_held(contents)])
    aside = "; ".join(f"{a.name}: {a.reason}" for a in contents.aside[:5])
    return DataRefused(
        f"The study holds {seen}.",
        why="; ".join(w for w in (reasons, aside) if w),
        remedy="export the original MR, CT or PET series (not screenshots), uncompressed if in doubt",
    )


def _held(contents: Contents) -> list[str]:
    """What a study without images holds, in words."""
    counts = {
        "file with outlines (RTSTRUCT)": len(contents.structures),
        "segmentation (SEG)": len(contents.segmentations),
        "dose (RTDOSE)": len(contents.doses),
        "plan (RTPLAN)": len(contents.plans),
    }
    found = [f"{count} {what}, without the images that belong to it" for what, count in counts.items() if count]
    if contents.untold:
        whose = (
            "1 file does not say what it shows"
            if contents.untold == 1
            else f"{contents.untold} files do not say what they show"
        )
        found.append(f"{whose} (a DICOMDIR is only the list of a disc)")
    return found


def series_key(shown: Shown, start: datetime.date) -> str:
    """How the mapping file names a series: "day 0, series 3" (and the part, where a series holds several volumes)."""
    day = (shown.date - start).days if shown.date else 0
    part = f", part {shown.volume.part}" if shown.volume.part else ""
    return f"day {day}, series {shown.volume.series.number}{part}"


def _answered(role: Role, key: str, answers: Answers) -> Role:
    answer = answers.series.get(key)
    if answer is None:
        return role
    return Role(OTHER, "the mapping file") if answer == "ignore" else Role(answer, "the mapping file")


def _fill(visit: Visit, shown: Sequence[Shown], aside: list[SetAside]) -> None:
    """For each role the best usable volume; the others are set aside with the reason."""
    by_role: dict[str, list[Shown]] = defaultdict(list)
    for s in shown:
        if reason := unusable(s.volume):
            aside.append(SetAside(s.volume.name, reason))
        else:
            by_role[s.role.name].append(s)
    for role, candidates in by_role.items():
        best = min(candidates, key=_preference)
        visit.images[role] = best
        aside += [SetAside(s.volume.name, f"{best.volume.name} is the better {role}") for s in candidates if s is not best]


def _preference(shown: Shown) -> tuple:
    """Named in the mapping file, told by words, regular, fine slices, large, then by number."""
    where = shown.volume.layout
    grid = grid_of_layout(where)
    told = {"the mapping file": 0}.get(shown.role.how, 1)
    return (
        told,
        not shown.role.sure,
        not where.regular,
        round(max(grid.spacing_mm), 2),
        round(grid.voxel_ml, 6),
        -grid.size,
        shown.volume.series.number,
    )


def _outline(visits: Sequence[Visit], contents: Contents, answers: Answers) -> list[str]:
    """Give every outline to the visit on whose images it was drawn; names of those that fit nowhere are returned."""
    unplaced = []
    for found, file, outlines in _drawn(contents, answers.regions):
        visit = _visit_of(found.series_uids, found.frame_of_reference, file, visits, contents)
        if visit is None:
            unplaced += [o.name if o.source.named else "an outline" for o in outlines]
        else:
            visit.outlines += outlines
    return unplaced


def _drawn(contents: Contents, answers: Mapping[str, str]):
    """(found, file, outlines) of every SEG and RTSTRUCT."""
    for seg, file in contents.segmentations:
        grid = _grid(contents, seg.series_uids)
        coded = [(s, meaning(s.label, answers, (s.code, "SCT"))) for s in seg.segments]
        yield seg, file, [Outline(s.label, s.number, m, seg, s.number, grid, file.source) for s, m in coded]
    for drawn, file in contents.structures:
        grid = _grid(contents, drawn.series_uids)
        named = [(r, meaning(r.name, answers)) for r in drawn.regions]
        yield drawn, file, [Outline(r.name, r.number, m, r, 0, grid, file.source) for r, m in named]


def _grid(contents: Contents, uids: Sequence[str]) -> Grid | None:
    volume = next((v for uid in uids if (v := contents.volume(uid))), None)
    return None if volume is None else grid_of_layout(volume.layout)


def _visit_of(uids: Sequence[str], frame: str, file: File, visits: Sequence[Visit], contents: Contents) -> Visit | None:
    """By the series it was drawn on, else by frame of reference where one date has it, else by the study's date."""
    dates = {v.series.date for uid in uids if (v := contents.volume(uid))}
    by_frame = [v for v in visits if frame and frame in v.frames_of_reference]
    study = text(file.header, "StudyInstanceUID")
    by_study = [
        v for v in visits if any(text(s.volume.series.header, "StudyInstanceUID") == study for s in v.images.values())
    ]
    for candidates in ([v for v in visits if v.date in dates], by_frame, by_study):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _worth(visits: list[Visit], aside: list[SetAside]) -> list[Visit]:
    """Without dates that only carry a planning CT: they say nothing of the tumour beside other dates' MR."""
    keep = [v for v in visits if set(v.images) != {"ct"} or any(t != TISSUE for t in v.targets())]
    if not keep:
        return visits
    for v in visits:
        if v not in keep:
            aside.append(SetAside(v.images["ct"].volume.name, "a CT without an outlined tumour: used for the dose only"))
    return keep
