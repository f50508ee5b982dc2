"""White and grey matter of a head that lies anyhow, from the template; what is no head is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.case.folders import refused, save
from tests.twin.imaging.heads import lying_anyhow
from twin.case import load_case
from twin.errors import DataRefused
from twin.imaging.image import Image
from twin.imaging.registration_quality import dice
from twin.imaging.tissue import HeadTissue, _believed, _fit, tissue_of_head
from twin.imaging.write import write_image


@pytest.fixture(scope="module")
def head():
    return lying_anyhow()


@pytest.fixture(scope="module")
def folder(head, tmp_path_factory):
    """A case with no tissue map: a T1 with skull and face, a tumour that is dark on it."""
    place = tmp_path_factory.mktemp("head")
    grid = head.t1.grid
    middle = np.argwhere(head.white > 0.8).mean(axis=0).astype(int)
    tumour = np.zeros(grid.shape, np.uint8)
    tumour[middle[0] : middle[0] + 6, middle[1] : middle[1] + 6, middle[2] + 5 : middle[2] + 11] = 1
    write_image(place / "t1.nii.gz", np.where(tumour, 60, head.t1.values).astype(np.float32), grid)
    write_image(place / "seg.nii.gz", tumour, grid)
    write_image(place / "brain.nii.gz", head.brain, grid)
    visit = {"day": 0, "images": {"t1": "t1.nii.gz"}, "segmentations": [{"file": "seg.nii.gz", "labels": {"tumour": 1}}]}
    save(place, {"patient": "head", "visits": [visit], "tissue": {"preset": "mni152", "registration": "affine"}})
    return place


@pytest.mark.slow
def test_the_template_finds_its_brain_in_a_head_with_skull_and_face(folder, head):
    patient = load_case(folder)
    assert patient.medium.tissues == ("white", "grey")
    away = patient.visits[0].whole
    found = {n: (f > 0.5) & ~away for n, f in patient.medium.fractions.items()}
    for name, true in (("white", head.white), ("grey", head.grey)):
        cut = _cut(true > 0.5, head.t1.grid, patient.grid)
        assert dice(found[name], cut & ~away) > 0.8, name
    assert patient.medium.domain[away].all()
    assert any("the MNI152 template's white and grey matter, affine registration to the t1" in n for n in patient.notes)


def _cut(mask, grid, inner):
    start = np.rint(
        np.linalg.solve(
            np.reshape(grid.direction, (3, 3)) * np.array(grid.spacing_mm)[::-1],
            np.array(inner.origin_mm) - np.array(grid.origin_mm),
        )
    )[::-1].astype(int)
    return mask[tuple(slice(a, a + n) for a, n in zip(start, inner.shape, strict=True))]


def test_a_brain_mask_limits_the_tissue_and_makes_it_better(head):
    found = tissue_of_head(head.t1, head.brain)
    assert found.ordered and found.explained > 0.5
    assert dice(found.brain(head.t1.grid), head.brain) > 0.95
    assert dice(found.maps(head.t1.grid)["white"] > 0.5, head.white > 0.5) > 0.85


@pytest.mark.parametrize(
    ("explained", "ordered", "words"), [(0.1, True, "explain 10 %"), (0.6, False, "white matter is not brighter")]
)
def test_tissues_that_do_not_fit_are_refused(explained, ordered, words):
    with pytest.raises(DataRefused, match=words):
        _believed(HeadTissue(None, None, explained, ordered), "t1.nii.gz")  # type: ignore[arg-type]


def test_what_the_tissues_explain_is_measured(head):
    grey = np.where(head.brain, head.grey, 0)
    maps = {"white": head.white, "grey": grey, "csf": np.where(head.brain, 1 - head.white - grey, 0)}
    explained, ordered = _fit(head.t1, maps, head.brain)
    assert ordered and explained > 0.6
    dark = Image(300 - head.t1.values, head.t1.grid)
    assert not _fit(dark, maps, head.brain)[1]
    assert _fit(head.t1, {n: np.roll(m, 9, axis=2) for n, m in maps.items()}, head.brain)[0] < 0.3


def test_registration_of_the_template_needs_a_t1(folder, tmp_path):
    save(
        folder.parent / folder.name,
        load(folder) | {"visits": [{**load(folder)["visits"][0], "images": {"flair": "t1.nii.gz"}}]},
    )
    refused(folder, "the baseline has no T1 image", where="tissue, registration", why="told apart", remedy="maps")


def load(folder):
    import yaml

    return yaml.safe_load((folder / "case.yaml").read_text())
