"""Reading images: NIfTI, NRRD and MetaImage by SimpleITK, after the header was found sane."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.header import ORTHONORMAL, unreadable
from twin.imaging.image import Image, from_itk
from twin.imaging.meta_header import check_meta
from twin.imaging.nifti_header import NiftiHeader, check_nifti, check_voxels, is_nifti
from twin.imaging.nrrd_header import check_nrrd, is_nrrd
from twin.imaging.sandbox import Failed, guarded
from twin.imaging.straighten import straightened, write_straight
from twin.imaging.text_header import TextHeader

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
MEMORY = 8 << 30


def read_image(path: Path, where: str = "", *, straighten: bool = False) -> Image:
    """The image in ``path``. ``where`` is how messages name it (default: the file's name).

    Refused: a missing or damaged file, an unknown format, several volumes or colours, NaN or infinite voxels, axes that are
    not at right angles (``straighten`` takes the nearest rotation instead; ``Image.note`` says how far voxels move).
    """
    where = where or path.name
    header = check_file(path, where, sheared=straighten)
    if isinstance(header, TextHeader):
        return _read_text(path, where, header, straighten)
    if bad := check_voxels(path, header, where):
        raise _not_finite(bad, int(np.prod(header.shape)), where)
    if header.skew > ORTHONORMAL:
        return _read_straight(path, where, header)
    values, grid, _ = _apart(path, where)
    check_finite(values, where)
    return Image(values, grid, where, f"{where} {header.remark}." if header.remark else "")


def _read_straight(path: Path, where: str, header: NiftiHeader) -> Image:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "straight.nii"
        moved = write_straight(path, copy, header)
        values, grid, _ = _apart(copy, where)
    check_finite(values, where)
    return Image(values, grid, where, _straightened(where, moved))


def _straightened(where: str, moved_mm: float) -> str:
    return f"{where}: sheared axes were replaced by the nearest rotation; corners move {moved_mm:.2g} mm."


def check_file(path: Path, where: str = "", *, sheared: bool = False) -> NiftiHeader | TextHeader:
    """Refuse what can be seen without reading the voxels; the header of the file."""
    where = where or path.name
    if not path.is_file():
        raise DataRefused(
            f"{where} is not there.",
            where=where,
            why="the case names it",
            remedy="check the name (capital letters count) and that it is relative to the case file" + _near(path),
        )
    if not path.name.lower().endswith(ENDINGS):
        raise DataRefused(
            f"{where} is not in a format that is read here.",
            where=where,
            remedy=f"convert it to NIfTI (.nii.gz); read are {', '.join(ENDINGS)}",
        )
    check = check_nifti if is_nifti(path) else check_nrrd if is_nrrd(path) else check_meta
    return check(path, where, sheared=sheared)


def check_finite(values: np.ndarray, where: str) -> None:
    """Refuse NaN and infinite voxels, with their number."""
    if values.dtype.kind != "f":
        return
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    if bad:
        raise _not_finite(bad, values.size, where)


def _not_finite(bad: int, size: int, where: str) -> DataRefused:
    return DataRefused(
        f"{where} holds {bad:,} voxels that are NaN or infinite (of {size:,}).",
        where=where,
        why="one such voxel spreads through every sum and every step of the solver",
        remedy="replace them by the background value, and find out why the export made them (often a division by zero)",
    )


def _read_text(path: Path, where: str, header: TextHeader, straighten: bool) -> Image:
    values, grid, moved = _apart(path, where, straighten)
    if values.size != np.prod(header.shape):
        raise unreadable(where, "the reader found another size than its header states")
    check_finite(values, where)
    remarks = [f"{where} {header.remark}."] * bool(header.remark) + [_straightened(where, moved)] * bool(moved)
    return Image(values, grid, where, " ".join(remarks))


def _apart(path: Path, where: str, straighten: bool = False) -> tuple[np.ndarray, Grid, float]:
    """(voxels, grid, millimetres that corners were moved). ITK reads in a process of its own: on some damaged files it hangs
    or crashes."""
    try:
        values, facts = guarded(attempt, str(path.absolute()), where, "straighten" if straighten else "", memory=MEMORY)
    except Failed as failure:
        raise unreadable(where, str(failure)) from None
    if values is None:
        raise DataRefused(**facts)
    moved = facts.pop("moved_mm")
    return values, Grid(**{name: tuple(value) for name, value in facts.items()}), moved


def attempt(path: str, where: str, straighten: str = "") -> tuple[np.ndarray | None, dict[str, Any]]:
    """What a file holds or is refused for, as values that cross processes: (array, the grid) or (None, the refusal)."""
    try:
        image = _opened(Path(path), where)
        moved = straightened(image) if straighten else 0.0
        values, grid = from_itk(image, single_precision=is_nifti(Path(path)))
    except DataRefused as refused:
        return None, {"what": refused.what, "where": refused.where, "why": refused.why, "remedy": refused.remedy}
    return values, {**asdict(grid), "moved_mm": moved}


def _opened(path: Path, where: str):
    """The SimpleITK image in a file, with three axes."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise unreadable(where, _last_words(error)) from None
    while image.GetDimension() > 3 and image.GetSize()[-1] == 1:
        image = image[(*[slice(None)] * (image.GetDimension() - 1), 0)]
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise DataRefused(
            f"{where} is not a single three-dimensional volume of plain numbers.",
            where=where,
            why="the twin would not know which part is meant",
            remedy="extract the volume that is meant into a file of its own",
        )
    return image


def _last_words(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "the reader gave no reason"


def _near(path: Path) -> str:
    import difflib

    names = {p.name.lower(): p.name for p in sorted(path.parent.iterdir())} if path.parent.is_dir() else {}
    near = difflib.get_close_matches(path.name.lower(), names, n=1)
    return f"; beside it lies '{names[near[0]]}'" if near else ""
