"""The embedded patient comes back from a disordered PACS export: same places, same labels, and what is open is asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.imaging.dicom import embedded, studies
from twin.case import load_case
from twin.imaging.dicom import import_study

ANSWERS = {"regions": {"GTV_enhancing": "enhancing"}, "radiotherapy": {"from_date": embedded.FIRST_FRACTION.isoformat()}}


@pytest.fixture(scope="module")
def pacs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pacs")
    studies.shuffled(embedded.scans(), folder)
    return folder


def test_an_outline_that_may_be_the_tumour_is_asked_about(pacs, tmp_path):
    report = import_study(pacs, tmp_path / "case")
    assert any("may be the tumour are left out: 'GTV_enhancing'" in p.what for p in report.problems)
    assert '"GTV_enhancing": ignore' in (tmp_path / "case/mapping.yaml").read_text()


def test_the_embedded_patient_comes_back_with_its_places_and_labels(pacs, tmp_path):
    report = import_study(pacs, tmp_path / "case", ANSWERS)
    assert report.complete and any("1 of 39 slices missing (after slice 7)" in line for line in report.lines)
    found, truth = load_case(tmp_path / "case"), embedded.patient()
    grid = embedded.oblique(truth.grid)
    corners = np.array([[0, 0, 0], np.array(found.grid.shape) - 1])
    index = _index(grid, found.grid.index_to_mm(corners))
    assert np.abs(index - np.rint(index)).max() * 4 < 0.01
    box = tuple(slice(a, b + 1) for a, b in np.rint(index).astype(int).T)
    assert [v.day for v in found.visits] == list(embedded.DAYS)
    for visit, known in zip(found.visits, truth.visits, strict=False):
        for name, mask in visit.regions.items():
            assert mask.sum() == known.regions[name].sum() and np.array_equal(mask, known.regions[name][box]), name


def _index(grid, mm: np.ndarray) -> np.ndarray:
    turn = np.reshape(grid.direction, (3, 3))
    return ((mm - np.array(grid.origin_mm)) @ turn / np.array(grid.spacing_mm)[::-1])[:, ::-1]
