"""From a BIDS-like tree of NIfTI files (sub-01/ses-02/anat/sub-01_ses-02_T1w.nii.gz) to a patient folder."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY
from twin.case.labels import PRESETS, REGIONS, SPELLINGS
from twin.case.units import ROLES, UNIT_NEEDED, tidy
from twin.errors import DataRefused
from twin.imaging.deface import MARGIN_MM, Defacing, find_face
from twin.imaging.dicom.finding import size_words
from twin.imaging.dicom.mapping import Mapping
from twin.imaging.dicom.report import ImportReport, Notebook
from twin.imaging.read import read_image
from twin.imaging.write import write_image
from twin.progress import SILENT, Progress, stage
from twin.store import save_json, save_text

SUFFIXES = {"T1w": "t1", "T2w": "t2", "FLAIR": "flair", "ADC": "adc", "adc": "adc", "ct": "ct", "CT": "ct", "pet": "pet"}
"""The end of a file's name -> image role; T1w with a `ce-` entity is t1gd."""

LARGEST_SIDECAR = 1 << 20

ALLOWED = re.compile(r"sub-[A-Za-z0-9]+(_[a-z]+-[A-Za-z0-9]+)*_[A-Za-z0-9]+\.(nii|nii\.gz|json|tsv)")
LONGEST_NAME = 120
"""Of a file that is taken out of an archive."""


@dataclass(frozen=True)
class BidsFile:
    """A NIfTI file with the entities of its name (sub, ses, ce, desc, label ...) and its suffix."""

    path: Path
    entities: dict[str, str]
    suffix: str

    @property
    def role(self) -> str | None:
        if self.suffix == "T1w" and "ce" in self.entities:
            return "t1gd"
        return SUFFIXES.get(self.suffix)

    @property
    def is_brain(self) -> bool:
        return self.suffix == "mask" and "brain" in (self.entities.get("desc"), self.entities.get("label"))

    @property
    def kind(self) -> str:
        """What a file that is no image shows."""
        return "the brain" if self.is_brain else "a segmentation"

    def beside(self, ending: str) -> Path:
        return self.path.with_name(re.sub(r"\.nii(\.gz)?$", ending, self.path.name))


def bids_files(folder: Path) -> list[BidsFile]:
    """The NIfTI files below ``folder`` that are named as BIDS names them; links are not followed."""
    found = []
    for path in sorted(folder.rglob("sub-*.nii*")):
        parts = re.sub(r"\.nii(\.gz)?$", "", path.name).split("_")
        if path.is_file() and not path.is_symlink() and len(parts) > 1 and all("-" in p for p in parts[:-1]):
            entities = {key: value for key, _, value in (p.partition("-") for p in parts[:-1])}
            found.append(BidsFile(path, entities, parts[-1]))
    return found


def lay_out(members: Iterable[tuple[Path, str]], folder: Path) -> Path | None:
    """The members of an archive (file, name inside) that are named as BIDS names them, moved so that files of one folder
    lie together; None where there is no image. Only letters, digits and -_ ever become a name, folders are numbered."""
    places: dict[str, Path] = {}
    for path, name in members:
        inside, _, last = name.rpartition("/")
        if ALLOWED.fullmatch(last) and len(last) <= LONGEST_NAME:
            place = places.setdefault(inside, folder / f"{len(places):06d}")
            place.mkdir(parents=True, exist_ok=True)
            if not (place / last).exists():
                path.rename(place / last)
    return folder if bids_files(folder) else None


def import_bids(
    source: Path,
    folder: Path,
    answers: Mapping,
    named: bool,
    progress: Progress = SILENT,
    deface: bool = False,
    remarks: Sequence[str] = (),
) -> ImportReport:
    """Write images and ``case.yaml`` into ``folder``; the report's problems are what is left to answer.

    ``remarks`` tell what of the source was passed over before; the report repeats them.

    Days come from ``days`` in the mapping, ``sub-*_sessions.tsv`` (acq_time) or names such as ses-day042; labels from
    ``preset`` in the mapping or the segmentation's own ``dseg.tsv``; the unit of a PET image from its sidecar (Units), that
    of an ADC map from there or the mapping. Nothing of these is guessed. Headers and sidecars are not copied: no identity
    travels with them.
    """
    files = bids_files(source)
    people = {f.entities.get("sub", "") for f in files}
    if len(people) > 1:
        raise DataRefused(
            f"The tree holds {len(people)} subjects.", why="one twin is one patient", remedy="give the folder of one subject"
        )
    return _Tree(source, folder, files, answers, named, deface, Notebook(list(remarks))).write(progress)


@dataclass
class _Tree:
    source: Path
    folder: Path
    files: list[BidsFile]
    answers: Mapping
    named: bool
    deface: bool
    note: Notebook
    defacing: Defacing | None = None

    def write(self, progress: Progress) -> ImportReport:
        days = self._days()
        content: dict[str, Any] = {"patient": self.answers.patient or "patient", "site": self.answers.site, "visits": []}
        with stage(progress, "Writing images", len(self.files)):
            for session in sorted(days, key=lambda s: days[s]):
                content["visits"].append(self._visit(session, days[session], content, progress))
        self._tissue(content)
        if not self.named and not self.deface and self.answers.site == "brain":
            self.note.say("Unless they were stripped of the skull, the images of the head show a face; --deface removes it.")
        self._save(content)
        return self.note.report(self.folder)

    def _visit(self, session: str, day: float, content: dict[str, Any], progress: Progress) -> dict[str, Any]:
        place = f"day{day:03.0f}"
        images: dict[str, Any] = {}
        drawn: list[dict[str, Any]] = []
        self.note.say(f"Day {day:g}:")
        mine = [f for f in self.files if f.entities.get("ses", "") == session]
        self.defacing = self._find_face(mine, day) if self.deface else None
        for file in mine:
            progress.advance()
            if file.role is not None and file.role not in images:
                entry = self._image(file, f"{place}/{file.role}.nii.gz")
                images |= {} if entry is None else {file.role: entry}
            elif file.suffix == "dseg":
                named = self._labels(file, day)
                entry = {"file": self._copy(file, f"{place}/dseg{len(drawn) + 1}.nii.gz"), **named}
                drawn += [entry] if named else []
            elif file.is_brain:
                content.setdefault("tissue", {"mask": self._copy(file, f"{place}/brain.nii.gz"), "name": "brain"})
            else:
                self.note.say(f"  set aside: {file.path.name if self.named else f'an image of kind {file.suffix[:8]}'}")
        return {"day": day} | ({"images": images} if images else {}) | ({"segmentations": drawn} if drawn else {})

    def _image(self, file: BidsFile, name: str) -> Any:
        assert file.role is not None
        self._copy(file, name)
        if file.role not in UNIT_NEEDED:
            return name
        units = ROLES[file.role]
        unit = tidy(str(_sidecar(file).get("Units", "")) or (self.answers.adc_unit if file.role == "adc" else "") or "")
        if unit in units:
            return {"file": name, "unit": unit}
        self.note.problem(
            f"The unit of {name} is not stated." if not unit else f"The unit '{unit[:20]}' of {name} is not known here.",
            why="a unit is never guessed from the values",
            remedy=f"write Units into its sidecar (.json) and import again; known: {', '.join(units)}"
            + (" (or adc_unit in a mapping file; many scanners: 1e-6 mm2/s)" if file.role == "adc" else ""),
        )
        return None

    def _copy(self, file: BidsFile, name: str) -> str:
        image = read_image(file.path, file.path.name if self.named else name)
        if self.defacing and file.role is not None:
            image = self.defacing.remove(image)
        write_image(self.folder / name, image.values, image.grid)
        self.note.say(f"  {file.role or file.kind}: {size_words(image.grid)}")
        return name

    def _find_face(self, files: list[BidsFile], day: float) -> Defacing:
        """Where the face of a session lies; every image of it must lie in the frame of its T1."""
        t1 = next((f for f in files if f.suffix == "T1w"), None)
        if t1 is None:
            raise DataRefused(
                f"The face cannot be removed on day {day:g}: there is no T1w image.",
                where=f"day {day:g}",
                why="an image with a face can be recognised",
                remedy="add the T1w, or remove the face outside and import without --deface",
            )
        self.note.say(f"  the face is removed: what lies farther than {MARGIN_MM:g} mm in front of and below the brain")
        return find_face(read_image(t1.path, f"day {day:g}"))

    def _labels(self, file: BidsFile, day: float) -> dict[str, Any]:
        """How the numbers of a segmentation are named; asked where nothing says so."""
        if self.answers.preset in PRESETS:
            return {"preset": self.answers.preset}
        rows = _table(file.beside(".tsv"))
        named = {SPELLINGS.get(r.get("name", "").lower(), r.get("name", "").lower()): r.get("index", "") for r in rows}
        labels = {name: int(index) for name, index in named.items() if name in REGIONS and index.isdigit()}
        others = [int(index) for name, index in named.items() if name not in REGIONS and index.isdigit() and index != "0"]
        if labels:
            return {"labels": labels} | ({"ignore": others} if others else {})
        self.note.problem(
            f"The numbers in the segmentation of day {day:g} have no names.",
            why="numbers mean different things in different conventions",
            remedy=f"write preset in a mapping file ({', '.join(sorted(PRESETS))}), or a dseg.tsv (index, name) beside it",
        )
        return {}

    def _days(self) -> dict[str, float]:
        """Session -> days since the first; a single session is day 0."""
        sessions = sorted({f.entities.get("ses", "") for f in self.files if f.role is not None or f.suffix == "dseg"})
        if not sessions:
            raise DataRefused(
                "The tree holds no image that is known.",
                remedy=f"name files as BIDS does; known ends: {', '.join(SUFFIXES)}",
            )
        times = self._acquired()
        found = {s: _day_of(s, self.answers.days, times) for s in sessions}
        if len(sessions) == 1:
            return {sessions[0]: 0.0}
        known = {s: day for s, day in found.items() if day is not None}
        if len(known) < len(sessions):
            listed = ", ".join(f"ses-{s}: ?" for s in sessions) if self.named else f"{len(sessions)} sessions"
            raise DataRefused(
                "The days between the sessions are not stated.",
                where="sessions.tsv",
                why="growth is learnt from the change between one scan and the next",
                remedy=f"write days: {{{listed}}} in a mapping file (days since the first scan)",
            )
        return {s: day - min(known.values()) for s, day in known.items()}

    def _acquired(self) -> dict[str, float]:
        """Session -> ordinal day from the table of sessions."""
        found = {}
        for table in sorted(self.source.rglob("sub-*_sessions.tsv"))[:1]:
            for row in _table(table):
                try:
                    moment = datetime.datetime.fromisoformat(row.get("acq_time", ""))
                except ValueError:
                    continue
                found[row.get("session_id", "").removeprefix("ses-")] = float(moment.toordinal())
        return found

    def _tissue(self, content: dict[str, Any]) -> None:
        baseline = content["visits"][0].get("images", {})
        if "tissue" not in content and content["site"] == "brain" and {"t1", "t1gd"} & set(baseline):
            content["tissue"] = {"preset": "mni152", "registration": "affine"}
            self.note.say("No brain mask: white and grey matter are taken from the MNI152 template, registered to the T1.")
        if "tissue" not in content:
            content["tissue"] = {"preset": "mni152"}
            self.note.problem(
                "There is no brain mask (desc-brain_mask) and no T1.", why="a tumour needs a place to grow", remedy="add one"
            )
        if not any(v.get("segmentations") for v in content["visits"][:1]):
            self.note.problem("No tumour is segmented at the baseline (dseg).", remedy="add a segmentation to case.yaml")

    def _save(self, content: dict[str, Any]) -> None:
        import yaml

        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        save_text(self.folder / "case.yaml", f"# Written by `oncotwin import`. {RESEARCH_USE_ONLY}\n{text}")
        mode = "hospital" if self.named else "research"
        save_json(self.folder / "import.json", {"mode": mode, **self.note.report(self.folder).as_json()})


def _day_of(session: str, days: dict[str, float], times: dict[str, float]) -> float | None:
    given = days.get(session, days.get(f"ses-{session}"))
    if given is not None:
        return given
    if session in times:
        return times[session]
    match = re.fullmatch(r"day0*(\d{1,5})", session)
    return float(match[1]) if match else None


def _sidecar(file: BidsFile) -> dict[str, Any]:
    path = file.beside(".json")
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < LARGEST_SIDECAR else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _table(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated table; none where it is absent or not readable."""
    try:
        if path.stat().st_size > LARGEST_SIDECAR:
            return []
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    except (OSError, ValueError, csv.Error):
        return []
    return [{str(k): str(v or "") for k, v in row.items()} for row in rows]
