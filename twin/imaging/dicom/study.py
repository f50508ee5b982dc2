"""``import_study``: from a PACS export to a patient folder that ``load_case`` accepts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import DataRefused, UsageError
from twin.grid import Grid
from twin.imaging.bids import import_bids
from twin.imaging.deface import MARGIN_MM, Defacing, find_face
from twin.imaging.dicom.arrange import Arranged, Visit, arrange, series_key
from twin.imaging.dicom.casefile import CaseText
from twin.imaging.dicom.contents import Contents, Shown, one_person, read_contents
from twin.imaging.dicom.file import quiet
from twin.imaging.dicom.finding import remarks, size_words
from twin.imaging.dicom.gather import Gathered, gathered
from twin.imaging.dicom.identity import digests
from twin.imaging.dicom.mapping import Mapping, load_mapping, template
from twin.imaging.dicom.region import TISSUE, may_be_tumour
from twin.imaging.dicom.report import ImportReport, Notebook
from twin.imaging.dicom.stack import grid_of_layout
from twin.imaging.dicom.treatment import write_radiotherapy
from twin.imaging.dicom.values import measure
from twin.imaging.image import Image
from twin.imaging.privacy import Privacy, privacy
from twin.imaging.write import write_image
from twin.progress import SILENT, Progress
from twin.store import replacing, save_json, save_text

__all__ = ["ImportReport", "import_study"]

MAPPING, FACTS = "mapping.yaml", "import.json"


@quiet()
def import_study(
    source: Path | str,
    out: Path | str,
    mapping: Mapping | dict[str, Any] | Path | str | None = None,
    mode: str = "hospital",
    progress: Progress = SILENT,
    *,
    overwrite: bool = False,
    key: str | None = None,
    deface: bool = False,
) -> ImportReport:
    """Write the patient folder ``out`` (NIfTI images, ``case.yaml``, ``mapping.yaml``, ``import.json``) of a DICOM study.

    ``source`` is a folder, zip or tar as a PACS exports it, or a BIDS-like tree of NIfTI files, packed or not
    (twin.imaging.bids).
    ``mapping`` answers what no tag says (which outline is which region; the unit of an ADC map; the first day of
    radiotherapy); without it, ``mapping.yaml`` lists the questions.
    ``mode`` "research" writes no identity: invented names, dates shifted by whole weeks (alike for one patient in every
    import with the same secret ``key``). ``deface`` removes the face from every image of each date (twin.imaging.deface); a
    date without a T1, or whose T1 shows no whole head, is then refused. The report's problems are what is left to answer or
    mend; raises DataRefused when the study cannot be used at all, UsageError when ``out`` would be overwritten.
    """
    source, out = Path(source), Path(out)
    answers = load_mapping(mapping)
    rules = privacy(mode)
    _check_out(out, overwrite)
    with gathered(source, rules.named) as found:
        if found.tree is not None:
            with replacing(out) as folder:
                folder.mkdir()
                made = import_bids(found.tree, folder, answers, rules.named, progress, deface, found.remarks)
                return replace(made, out=out)
        if found.loose and not found.sources:
            raise _loose(found, rules.named)
        contents = read_contents(found, rules.named, progress)
        one_person(contents)
        rules = privacy(mode, next(iter(contents.people), ""), key)
        arranged = arrange(contents, answers)
        with replacing(out) as folder:
            folder.mkdir()
            return _Import(folder, contents, arranged, answers, rules, progress, deface).write(out)


def _loose(found: Gathered, named: bool) -> DataRefused:
    """Images without DICOM or BIDS: their names do not say what they show."""
    names = [*found.loose[:5], *(["..."] if len(found.loose) > 5 else [])]
    return DataRefused(
        f"There is no DICOM file here, but {len(found.loose)} images of other formats.",
        where=", ".join(names) if named else "",
        why="their names do not say in an agreed way which date and which sequence each of them shows",
        remedy="write a case.yaml that names them (`oncotwin new FOLDER`), or rename them as BIDS does: "
        "sub-01/ses-day042/anat/sub-01_ses-day042_ce-gd_T1w.nii.gz",
    )


def _check_out(out: Path, overwrite: bool) -> None:
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        if overwrite and (out / FACTS).is_file():
            return
        raise UsageError(
            f"{out} is there already.",
            why="what was corrected by hand in it would be lost",
            remedy="name another folder" + ("" if overwrite else ", or say --overwrite if an import made it"),
        )


class _Import:
    """One import while it runs: writes into ``folder`` and notes what it did."""

    def __init__(
        self,
        folder: Path,
        contents: Contents,
        arranged: Arranged,
        answers: Mapping,
        rules: Privacy,
        progress: Progress,
        deface: bool = False,
    ):
        self.folder, self.contents, self.arranged = folder, contents, arranged
        self.answers, self.rules, self.progress = answers, rules, progress
        self.note = Notebook()
        self.text = CaseText(answers, rules)
        self.asks_adc, self.deface = False, deface
        self.defacing: Defacing | None = None
        self.tissue = ""

    def write(self, out: Path) -> ImportReport:
        self._say_what_is_there()
        self.progress.begin("Writing images", sum(len(v.images) for v in self.arranged.visits))
        try:
            for visit in self.arranged.visits:
                self._visit(visit)
        finally:
            self.progress.end()
        self._regions_asked()
        asks_start = write_radiotherapy(self.contents, self.arranged, self.answers, self.folder, self.text, self.note)
        self._tissue()
        self._registration()
        self._identity()
        self._say_face()
        self._say_what_was_left()
        self._files(asks_start)
        return self.note.report(out)

    def _files(self, asks_start: bool) -> None:
        save_text(self.folder / "case.yaml", self.text.render())
        unknown_regions = dict.fromkeys(o.name for o in self.arranged.unknown) if self.rules.named else {}
        start = min(s.date for s in self.contents.images if s.date)
        unknown = [s for s in self.contents.images if not s.role.sure and s.date]
        keys = dict.fromkeys(series_key(s, start) for s in unknown)
        asked = template(self.answers, unknown_regions, keys, self.asks_adc, asks_start)
        save_text(
            self.folder / MAPPING, asked if self.rules.named else template(_anonymous(self.answers), (), (), False, False)
        )
        save_json(self.folder / FACTS, {"mode": self.rules.mode, **self.note.report(self.folder).as_json()})

    def _say_what_is_there(self) -> None:
        dates = len(self.arranged.visits)
        others = f", {self.contents.others} other files passed over" if self.contents.others else ""
        self.note.say(f"{self.contents.files} DICOM files{others}; {dates} date{'s' if dates > 1 else ''} with images.")
        for remark in (*self.contents.remarks, *self.arranged.notes):
            self.note.say(remark)

    def _visit(self, visit: Visit) -> None:
        day = self.arranged.day(visit.date)
        self.note.say(f"Day {day} ({self.rules.date(visit.date)}):")
        place = f"day{day:03d}"
        images: dict[str, Any] = {}
        facts: dict[str, Any] = {}
        self.defacing = self._find_face(visit, day) if self.deface else None
        for role, shown in sorted(visit.images.items(), key=lambda item: _order(item[0])):
            written = self._image(role, shown, place, facts)
            if written is not None:
                images[role] = written
            self.progress.advance(note=role)
        self._check_frames(visit, day)
        regions = self._regions(visit, place, facts)
        self.text.visit(visit.date, images, regions, held_out=visit.date in self.answers.held_out)
        self.note.facts.setdefault("visits", []).append(
            {"day": day, "date": self.rules.date(visit.date).isoformat(), "files": facts}
        )

    def _image(self, role: str, shown: Shown, place: str, facts: dict[str, Any]) -> Any:
        volume = shown.volume
        measured = measure(volume)
        name = f"{place}/{role}.nii.gz"
        image = Image(measured.values, measured.grid)
        write_image(self.folder / name, (self.defacing.remove(image) if self.defacing else image).values, measured.grid)
        sure = "" if shown.role.sure else f"; taken as {role} from {shown.role.how}"
        self.note.say(f"  {role}: {volume.name}, {size_words(measured.grid)}{sure}")
        for remark in remarks(volume):
            self.note.say(f"    {remark}")
        unit = measured.unit or (self.answers.adc_unit if role == "adc" else None)
        facts[name] = {"role": role, "unit": unit, "scaling": measured.how, "series": volume.series.number}
        if self.rules.named:
            facts[name] |= {"series_uid": volume.series.uid, "frame_of_reference_uid": volume.series.frame_of_reference}
        if role == "adc" and unit is None:
            return self._ask_adc(name)
        if role == "pet" and unit is None:
            self.note.say(f"    left out of the case: {measured.how}")
            return None
        return {"file": name, "unit": unit} if role in ("adc", "pet") else name

    def _find_face(self, visit: Visit, day: int) -> Defacing:
        """Where the face of that date lies, from its T1; refused where it cannot be found in every image."""
        shown = visit.images.get("t1") or visit.images.get("t1gd")
        if shown is None or len(visit.frames_of_reference - {""}) > 1:
            what = "has no T1" if shown is None else "has images in several frames of reference"
            raise DataRefused(
                f"The face cannot be removed on day {day}: the date {what}.",
                where=f"day {day}",
                why="an image with a face can be recognised",
                remedy="export the T1 of that date as well, or remove the face outside and import without --deface",
            )
        measured = measure(shown.volume)
        self.note.say(f"  the face is removed: what lies farther than {MARGIN_MM:g} mm in front of and below the brain")
        return find_face(Image(measured.values.astype(np.float32), measured.grid, f"day {day}"))

    def _say_face(self) -> None:
        roles = {role for visit in self.arranged.visits for role in visit.images}
        asked = self.rules.named or self.deface or self.answers.site != "brain"
        if not asked and roles & {"t1", "t1gd", "t2", "flair", "ct"}:
            self.note.say("Unless they were stripped of the skull, the images of the head show a face; --deface removes it.")

    def _ask_adc(self, name: str) -> None:
        self.asks_adc = True
        self.text.comment(f"{name} is left out: the study does not state the unit of its numbers")
        self.note.problem(
            f"The unit of the ADC map {name} is not stated in the study.",
            why="scanners write 1e-6 mm2/s, 1e-3 mm2/s and others; a unit is never guessed from the values",
            remedy=f"write adc_unit in {MAPPING} (many scanners: 1e-6 mm2/s; ask the physicist) and import again",
        )

    def _check_frames(self, visit: Visit, day: int) -> None:
        if len(visit.frames_of_reference - {""}) > 1:
            self.note.say(
                f"  the images of day {day} have {len(visit.frames_of_reference)} frames of reference: "
                "the patient may have moved between them"
            )

    def _regions(self, visit: Visit, place: str, facts: dict[str, Any]) -> dict[str, str]:
        written: dict[str, str] = {}
        for region, outlines in visit.targets().items():
            grid = next((o.grid for o in outlines if o.grid), None) or self._first_grid(visit)
            mask = np.logical_or.reduce([o.mask(grid) for o in outlines])
            names = " and ".join(self.rules.quote(o.name, f"structure {o.number}") for o in outlines)
            if not mask.any():
                self.note.problem(
                    f"The outline {names} ({region}) holds no voxel of its image.",
                    why="it would be an empty region",
                    remedy="check that the outline and the images belong together",
                )
                continue
            name = f"{place}/{region}.nii.gz"
            mask = self._around_tumour(mask, visit, grid) if region == TISSUE else mask
            write_image(self.folder / name, mask, grid)
            volume = float(mask.sum()) * grid.voxel_ml
            self.note.say(f"  {region}: {names} (known by {outlines[0].meaning.how}), {volume:.2f} mL")
            facts[name] = {"region": region, "volume_ml": volume}
            if region == TISSUE:
                self.tissue = self.tissue or name
            else:
                written[region] = name
        if not written:
            self.note.say("  no tumour is outlined on this date")
        return written

    def _around_tumour(self, tissue: np.ndarray, visit: Visit, grid: Grid) -> np.ndarray:
        """The tissue with the tumour in it, where it was drawn around the tumour (as in label maps: one label a voxel)."""
        targets = visit.targets().items()
        masks = [o.mask(grid) for region, drawn in targets if region not in (TISSUE, "cavity") for o in drawn]
        tumour = np.logical_or.reduce(masks) if masks else np.zeros(tissue.shape, bool)
        if np.count_nonzero(tumour & tissue) >= 0.5 * np.count_nonzero(tumour):
            return tissue
        self.note.say("  the tissue was drawn around the tumour: the tumour is added to it")
        return tissue | tumour

    def _first_grid(self, visit: Visit):
        assert visit.first is not None
        return grid_of_layout(visit.first.layout)

    def _regions_asked(self) -> None:
        names = {self.rules.quote(o.name, f"structure {o.number}"): o.name for o in self.arranged.unknown}
        asked = [words for words, name in names.items() if may_be_tumour(name)]
        plain = [words for words in names if words not in asked]
        if plain:
            self.note.say(f"Outlines not used, their names are no agreed ones: {', '.join(plain)}.")
        if not any(set(v.targets()) - {TISSUE} for v in self.arranged.visits[:1]):
            self._no_tumour(list(names))
        elif asked:
            self.note.problem(
                f"Outlines that may be the tumour are left out: {', '.join(asked)}.",
                why="their names are no agreed ones; without them a tumour may be smaller than it was drawn",
                remedy=f"say in {MAPPING} which region each of them is, or ignore, and import again",
            )

    def _no_tumour(self, unknown: list[str]) -> None:
        listed = f"; the study outlines {', '.join(unknown)}" if unknown else ""
        self.note.problem(
            f"No tumour is outlined at the baseline scan{listed}.",
            where=f"day 0 ({self.rules.date(self.arranged.baseline)})",
            why="the twin starts from the tumour as it was seen on day 0",
            remedy=f"say in {MAPPING} which outline is which region, or add a segmentation (NIfTI) to case.yaml",
        )

    def _tissue(self) -> None:
        if self.tissue:
            self.text.content["tissue"] = {"mask": self.tissue}
            return
        baseline = self.arranged.visits[0]
        if self.answers.site == "brain" and {"t1", "t1gd"} & set(baseline.images):
            self.text.content["tissue"] = {"preset": "mni152", "registration": "affine"}
            self.note.say(
                "No brain is outlined: white and grey matter are taken from the MNI152 template, registered to the T1."
            )
            return
        self.text.content["tissue"] = {"preset": "mni152"}
        self.text.comment("tissue: preset mni152 fits only images that lie in MNI space")
        self.note.problem(
            "The study outlines no brain (or other organ) in which the tumour can grow.",
            where="tissue",
            why="skull, fluid and other organs are walls",
            remedy=f"name an outline as tissue in {MAPPING}, or put a mask or tissue maps into case.yaml",
        )

    def _registration(self) -> None:
        frames = [v.frames_of_reference for v in self.arranged.visits]
        if len(frames) > 1 and not set.intersection(*frames):
            self.text.content["registration"] = "rigid"
            self.note.say("The dates have different frames of reference: each scan is registered onto the baseline.")

    def _identity(self) -> None:
        if self.rules.named:
            shown = self.arranged.visits[0].images.values()
            self.text.identity(digests(s.volume.series.header for s in shown))

    def _say_what_was_left(self) -> None:
        for aside in self.arranged.aside:
            self.note.say(f"Set aside: {aside.name}: {aside.reason}.")
        if self.arranged.unplaced:
            self.note.problem(
                f"{_outlines(len(self.arranged.unplaced))} to no imported series.",
                why="it is not known on which scan they were drawn",
                remedy="export the series on which they were drawn as well",
            )
        for refusal in self.contents.refused[:20]:
            self.note.problems.append(refusal)
        more = len(self.contents.refused) - 20
        if more > 0:
            self.note.say(f"{more} more files were refused.")


def _outlines(count: int) -> str:
    return "1 outline belongs" if count == 1 else f"{count} outlines belong"


def _order(role: str) -> int:
    from twin.imaging.dicom.arrange import FIRST

    return FIRST.index(role) if role in FIRST else len(FIRST)


def _anonymous(answers: Mapping) -> Mapping:
    """The answers without names of structures and dates."""
    return Mapping(patient=answers.patient, site=answers.site, adc_unit=answers.adc_unit)
