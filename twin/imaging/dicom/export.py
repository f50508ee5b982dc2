"""``export_results``: predictions back to the hospital as DICOM objects of the study, and as NIfTI with sidecars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY
from twin.errors import UsageError
from twin.imaging.dicom.anonymous import anonymous
from twin.imaging.dicom.contents import one_person, read_contents
from twin.imaging.dicom.derivatives import write_derivatives
from twin.imaging.dicom.file import quiet
from twin.imaging.dicom.gather import gathered
from twin.imaging.dicom.identity import check_identity
from twin.imaging.dicom.match import Match, match
from twin.imaging.dicom.predicted import Arm, Predicted, load_predictions
from twin.imaging.dicom.write_pdf import encapsulated_pdf
from twin.imaging.dicom.write_rtstruct import structure_set
from twin.imaging.dicom.write_seg import measurements, parametric_map, segmentation
from twin.imaging.privacy import privacy
from twin.progress import SILENT, Progress, stage
from twin.store import replacing

FIRST_NUMBER = 9001
"""Series numbers from here on, above those that scanners use."""


@dataclass(frozen=True)
class ExportReport:
    """What was written: ``lines`` in words, ``files`` relative to ``out``."""

    out: Path
    lines: tuple[str, ...]
    files: tuple[str, ...] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        return {"notice": RESEARCH_USE_ONLY, "lines": list(self.lines), "files": list(self.files)}


@quiet()
def export_results(
    results: Path | str,
    source_study: Path | str,
    out: Path | str,
    mode: str = "hospital",
    progress: Progress = SILENT,
    *,
    arms: Sequence[str] | None = None,
    key: str | None = None,
) -> ExportReport:
    """Write the predictions of a results folder into the new folder ``out``.

    Per arm (default: the reference arm; ``["all"]`` for every one): a SEG and an RTSTRUCT with one region per predicted
    scan (voxels where at least half of the posterior draws show tumour), a parametric map of the mean cell fraction per
    scan, a measurement report (SR TID 1500) with medians and 90 % intervals; NIfTI with JSON sidecars; in hospital mode
    report.pdf as a DICOM document where there is one (it shows names and dates as the case gives them). They lie on the
    series of ``source_study`` whose voxels are the patient's baseline image: if no series matches, the export is
    refused. ``mode`` "hospital" keeps the identity of the study, and refuses a study whose identity is not that of the
    case's scans (twin.imaging.dicom.identity); "research" writes a source series without identity and
    refers to that one.
    """
    results, source_study, out = Path(results), Path(source_study), Path(out)
    rules = privacy(mode)
    if out.exists():
        raise UsageError(f"{out} is there already.", why="an export is never mixed with another", remedy="name a new folder")
    predicted = load_predictions(results, arms)
    with gathered(source_study, rules.named) as found:
        contents = read_contents(found, rules.named, progress)
        one_person(contents)
        rules = privacy(mode, next(iter(contents.people), ""), key)
        source = match(contents, predicted.patient)
        with replacing(out) as folder:
            folder.mkdir()
            lines = [_matched(source, rules.named)]
            if rules.named:
                lines.append(check_identity(predicted.patient.identity, source.volume.series.header))
            if not rules.named:
                source = anonymous(source, predicted.patient.name, rules)
                lines.append(f"{len(source.headers)} source images without identity in source/.")
                for number, header in enumerate(source.headers, start=1):
                    _save(header, folder / "source" / f"{number:04d}.dcm")
            lines += _write(predicted, source, folder, progress)
            lines += _report(results, source, folder, rules.named)
            files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return ExportReport(out, tuple(lines), tuple(files))


def _matched(source: Match, named: bool) -> str:
    how = "voxel for voxel" if source.exact else "resampled: the results lie on another grid"
    series = source.volume.series
    name = series.name if named else f"series {series.number}"
    return f"Source: {name}, {len(source.frames)} slices ({how})."


def _write(predicted: Predicted, source: Match, folder: Path, progress: Progress) -> list[str]:
    lines = []
    with stage(progress, "Writing DICOM", len(predicted.arms) + 1) as bar:
        for number, arm in enumerate(predicted.arms):
            lines += _arm(arm, predicted, source, folder, FIRST_NUMBER + 20 * number)
            bar.advance(note=arm.slug)
        images = write_derivatives(predicted, folder / "nifti")
        bar.advance(note="NIfTI")
    return [*lines, f"{len(images)} NIfTI images with sidecars in nifti/."]


def _report(results: Path, source: Match, folder: Path, named: bool) -> list[str]:
    page = results / "report.pdf"
    if not page.is_file():
        return []
    if not named:
        return ["report.pdf is left out: it shows names and dates as the case gives them."]
    _save(encapsulated_pdf(page, source, FIRST_NUMBER - 1), folder / "report.dcm")
    return ["The report as a DICOM document."]


def _arm(arm: Arm, predicted: Predicted, source: Match, folder: Path, number: int) -> list[str]:
    shown = tuple(p for p in arm.predictions if p.mask.any())
    if not shown:
        return [f"{arm.label}: no tumour is predicted on any day; no contours are written."]
    arm = Arm(arm.id, arm.label, arm.slug, shown)
    segments = segmentation(arm, predicted, source, number)
    _save(segments, folder / f"{arm.slug}_seg.dcm")
    _save(structure_set(arm, predicted, source, number + 1), folder / f"{arm.slug}_rtstruct.dcm")
    _save(measurements(arm, segments, source, number + 2), folder / f"{arm.slug}_measurements.dcm")
    for i, prediction in enumerate(shown):
        made = parametric_map(arm, prediction, predicted, source, number + 3 + i)
        _save(made, folder / f"{arm.slug}_cells_day{prediction.day:04.0f}.dcm")
    days = ", ".join(f"{p.day:g}" for p in shown)
    return [f"{arm.label}: SEG, RTSTRUCT, measurements and {len(shown)} cell maps (days {days})."]


def _save(made: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
