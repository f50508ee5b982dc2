"""SEG, RTDOSE and RTPLAN: placed by their geometry, scaled by their tags, refused where they contradict themselves."""

from __future__ import annotations

import datetime
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from tests.twin.imaging.dicom import studies
from tests.twin.imaging.dicom.test_raster import blob
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.dicom import phantom
from twin.imaging.dicom.dose import read_dose, total
from twin.imaging.dicom.file import Source, quiet, read
from twin.imaging.dicom.phantom import Exam
from twin.imaging.dicom.plan import delivered, prescription
from twin.imaging.dicom.seg import read_segmentation

EXAM = Exam(studies.BASELINE)
GRID = Grid((9, 17, 23), (2.5, 1.2, 0.9), (-40.0, 12.0, 77.0), studies.turned((12, -20, 33)))


def saved(dataset, path) -> Source:
    return Source(phantom.save(dataset, path), path.name)


def by_highdicom(masks: np.ndarray, kind: str, path):
    """The same segments written by highdicom, which leaves out empty planes and may turn their order round."""
    source = phantom.slices(EXAM, np.zeros(GRID.shape, np.uint16), GRID, 3)
    described = [
        hd.seg.SegmentDescription(number, label, codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Neoplasm, "MANUAL")
        for number, label in enumerate(("tumour", "oedema")[: masks.shape[-1]], start=1)
    ]
    made = hd.seg.Segmentation(
        source, masks, kind, described, hd.UID(), 5, hd.UID(), 1, "oncotwin", "tests", "1", "0", content_label="X"
    )
    return saved(made, path)


@pytest.mark.parametrize("degrees", [(0, 0, 0), (90, 0, 0), (0, 90, 90), (12, -20, 33)])
def test_a_binary_segmentation_comes_back_voxel_for_voxel(tmp_path, degrees):
    grid = replace(GRID, direction=studies.turned(degrees))
    masks = {"tumour": blob(grid.shape, 1), "oedema": blob(grid.shape, 2)}
    found = read_segmentation(saved(phantom.segmentation(EXAM, masks, grid, series_uid="1.2.3"), tmp_path / "seg"))
    assert [s.label for s in found.segments] == ["tumour", "oedema"] and found.series_uids == ("1.2.3",)
    assert np.array_equal(found.mask(1, grid), masks["tumour"]) and np.array_equal(found.mask(2, grid), masks["oedema"])
    assert found.aligned(grid)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_what_highdicom_writes_is_read(tmp_path, kind):
    tumour = blob(GRID.shape, 1)
    tumour[:2] = False
    oedema = blob(GRID.shape, 2) & ~tumour
    source = by_highdicom(np.stack([tumour, oedema], -1).astype(np.uint8), kind, tmp_path / "seg")
    found = read_segmentation(source)
    assert found.segments[0].code == "108369006"
    assert np.array_equal(found.mask(1, GRID), tumour) and np.array_equal(found.mask(2, GRID), oedema)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_a_single_segment_by_highdicom_is_read(tmp_path, kind):
    """It is identified once for all frames, not frame by frame."""
    tumour = blob(GRID.shape, 1)
    source = by_highdicom(tumour[..., None].astype(np.uint8), kind, tmp_path / "seg")
    if kind != "LABELMAP":
        frames = pydicom.dcmread(tmp_path / "seg").PerFrameFunctionalGroupsSequence
        assert not any("SegmentIdentificationSequence" in frame for frame in frames)
    assert np.array_equal(read_segmentation(source).mask(1, GRID), tumour)


def test_a_fraction_of_half_or_more_is_inside(tmp_path):
    values = np.zeros((*GRID.shape, 2), np.float64)
    values[4, :, :, 0], values[5, :, :, 0] = 0.6, 0.4
    values[3, 0, 0, 1] = 1.0
    found = read_segmentation(by_highdicom(values, "FRACTIONAL", tmp_path / "seg"))
    assert found.fractional
    assert np.flatnonzero(found.mask(1, GRID).any(axis=(1, 2))).tolist() == [4]


def test_a_coarse_segmentation_fills_a_finer_grid(tmp_path):
    """A ball drawn in 3 mm voxels has its volume on 1 mm voxels, at its place."""
    coarse = Grid((14, 14, 14), (3.0, 3.0, 3.0), (-19.5, -19.5, -19.5))
    fine = Grid((40, 40, 40), (1.0, 1.0, 1.0), (-19.5, -19.5, -19.5), studies.turned((5, 9, -7)))
    index = np.stack(np.meshgrid(*map(np.arange, coarse.shape), indexing="ij"), -1)
    ball = (coarse.index_to_mm(index) ** 2).sum(-1) < 12.0**2
    found = read_segmentation(saved(phantom.segmentation(EXAM, {"x": ball}, coarse), tmp_path / "seg"))
    assert not found.aligned(fine)
    mask = found.mask(1, replace(fine, origin_mm=tuple(-v for v in fine.index_to_mm(np.full(3, 19.5)) - fine.origin_mm)))
    assert mask.sum() * fine.voxel_ml == pytest.approx(ball.sum() * coarse.voxel_ml, rel=0.02)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: setattr(d, "PixelData", d.PixelData[:20]), "cut short"),
        (lambda d: setattr(d, "NumberOfFrames", 5), "claims 5 frames but describes 18"),
        (lambda d: d.PerFrameFunctionalGroupsSequence[3].__delattr__("SegmentIdentificationSequence"), "which segment"),
        (lambda d: d.PerFrameFunctionalGroupsSequence[3].__delattr__("PlanePositionSequence"), "do not fit"),
        (lambda d: setattr(d, "SegmentSequence", []), "do not fit"),
        (lambda d: setattr(d, "Modality", "MR"), "not a DICOM SEG"),
        (lambda d: setattr(d, "Rows", 60000), "claims 60000 x 23 pixels"),
    ],
)
def test_contradictions_in_a_segmentation_are_refused(tmp_path, damage, words):
    made = phantom.segmentation(EXAM, {"a": blob(GRID.shape), "b": blob(GRID.shape)}, GRID)
    damage(made)
    with pytest.raises(DataRefused, match=words):
        read_segmentation(saved(made, tmp_path / "seg"))


def gy() -> np.ndarray:
    return np.random.default_rng(4).random(GRID.shape) * 60


def test_a_dose_comes_back_in_gray_at_its_place(tmp_path):
    found = read_dose(saved(phantom.dose(EXAM, gy(), GRID, "1.2.3"), tmp_path / "dose"))
    assert found.grid.same_as(GRID, 1e-4) and np.abs(found.gy - gy()).max() < 1e-3
    assert (found.plan_uid, found.summation, found.frame_of_reference) == ("1.2.3", "PLAN", EXAM.frame_uid)


@pytest.mark.parametrize("how", ["absolute", "backwards", "shuffled"])
def test_plane_offsets_in_every_form(tmp_path, how):
    grid = replace(GRID, direction=(1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    offsets = np.arange(9) * 2.5
    if how == "absolute":
        made = phantom.dose(EXAM, gy(), grid, GridFrameOffsetVector=phantom.decimals(77.0 + offsets))
    elif how == "backwards":
        place = phantom.decimals([-40.0, 12.0, 77.0 + 20.0])
        made = phantom.dose(
            EXAM, gy()[::-1], grid, GridFrameOffsetVector=phantom.decimals(-offsets), ImagePositionPatient=place
        )
    else:
        order = np.array([0, 3, 1, 2, 4, 6, 5, 7, 8])
        made = phantom.dose(EXAM, gy()[order], grid, GridFrameOffsetVector=phantom.decimals(offsets[order]))
    found = read_dose(saved(made, tmp_path / "dose"))
    assert found.grid.same_as(grid, 1e-4) and np.abs(found.gy - gy()).max() < 1e-3


def test_uneven_planes_of_a_dose_are_interpolated_and_said(tmp_path):
    offsets = [0, 2.5, 5, 7.5, 10, 13.5, 17, 20.5, 24]
    made = phantom.dose(EXAM, np.broadcast_to(np.array(offsets)[:, None, None], GRID.shape), GRID)
    made.GridFrameOffsetVector = phantom.decimals(offsets)
    found = read_dose(saved(made, tmp_path / "dose"))
    assert "unevenly spaced" in found.notes[0]
    assert np.allclose(found.gy[:, 0, 0], np.arange(found.grid.shape[0]) * found.grid.spacing_mm[0], atol=1e-2)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"DoseUnits": "RELATIVE"}, "other units than Gy: 'RELATIVE'"),
        ({"DoseGridScaling": None}, "no grid scaling"),
        ({"DoseGridScaling": "1"}, "reaches from"),
        ({"GridFrameOffsetVector": ["0", "1"]}, "not as many different offsets"),
        ({"GridFrameOffsetVector": ["0"] * 9}, "not as many different offsets"),
        ({"GridFrameOffsetVector": [str(5 + k) for k in range(9)]}, "neither start at zero"),
        ({"ImagePositionPatient": None}, "does not say where"),
    ],
)
def test_doses_that_cannot_be_trusted_are_refused(tmp_path, tags, words):
    with pytest.raises(DataRefused, match=words):
        read_dose(saved(phantom.dose(EXAM, gy(), GRID, **tags), tmp_path / "dose"))


def test_beam_doses_add_up_and_a_plan_sum_goes_before_them(tmp_path):
    def one(name, **tags):
        return read_dose(saved(phantom.dose(EXAM, gy(), GRID, **tags), tmp_path / name))

    beams = [one("a", DoseSummationType="BEAM"), one("b", DoseSummationType="BEAM")]
    added = total(beams)
    assert np.allclose(added.gy, 2 * gy(), atol=2e-3) and "sum of 2 beam doses" in added.notes
    whole = one("c")
    assert total([*beams, whole]) is whole
    with pytest.raises(DataRefused, match="2 different plan doses"):
        total([whole, one("d")])
    with pytest.raises(DataRefused, match="cannot be added up"):
        total([beams[0], one("e", DoseSummationType="FRACTION")])


def plan(tmp_path, change=None):
    made = phantom.plan(EXAM, 60.0, 30)
    if change:
        change(made)
    source = saved(made, tmp_path / "plan")
    with quiet():
        return prescription(read(source), source)


def test_a_plan_states_dose_and_fractions(tmp_path):
    found = plan(tmp_path)
    assert (found.total_gy, found.fractions, found.approved, found.notes) == (60.0, 30, True, ())


def test_where_no_prescription_is_stated_the_beams_are_added_and_it_is_said(tmp_path):
    found = plan(tmp_path, lambda d: d.__delattr__("DoseReferenceSequence"))
    assert found.total_gy == 60.0 and "sum of the beam doses" in found.notes[0]


def test_a_contradiction_between_prescription_and_beams_is_said(tmp_path):
    found = plan(tmp_path, lambda d: setattr(d.DoseReferenceSequence[0], "TargetPrescriptionDose", "50"))
    assert found.total_gy == 50.0 and "60 Gy" in found.notes[0]


def test_a_plan_without_numbers_states_none(tmp_path):
    def strip(made):
        del made.DoseReferenceSequence
        made.FractionGroupSequence[0].NumberOfFractionsPlanned = None

    found = plan(tmp_path, strip)
    assert (found.total_gy, found.fractions) == (None, None)


def test_records_give_one_entry_per_fraction_however_many_beams():
    days = [datetime.date(2026, 1, 19), datetime.date(2026, 1, 20)]
    records = phantom.records(EXAM, "1.2.3", days)
    assert delivered([*records, *records]) == {"1.2.3": [(days[0], 1), (days[1], 2)]}
