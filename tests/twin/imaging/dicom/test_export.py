"""Predictions go back to the study and come back from it voxel for voxel, on twelve geometries."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest

from tests.twin.imaging.dicom import studies
from tests.twin.imaging.dicom.identity import UID, Tokens, plant, written
from tests.twin.imaging.dicom.results import SCANS, patient_of, write_results
from twin.case import load_case, write_case
from twin.errors import DataRefused, UsageError
from twin.grid import Grid
from twin.imaging.dicom import export_results, import_study, phantom
from twin.imaging.dicom.file import Source
from twin.imaging.dicom.identity import ELEMENTS
from twin.imaging.dicom.phantom import Exam
from twin.imaging.dicom.rtstruct import read_structures
from twin.imaging.dicom.seg import read_segmentation
from twin.imaging.read import read_image

EXAM = Exam(studies.BASELINE)
DIRECTIONS = {"axial": (0, 0, 0), "coronal": (90, 0, 0), "sagittal": (0, 90, 90), "oblique": (12, -20, 33)}
SPACINGS = {"isotropic": (1.0, 1.0, 1.0), "thick": (5.0, 0.7, 0.9), "reversed": (1.5, 3.0, 0.8)}
BOX = (slice(2, 9), slice(3, 15), slice(1, 12))


def grid_of(direction: str, spacing: str) -> Grid:
    turn = np.reshape(studies.turned(DIRECTIONS[direction]), (3, 3))
    if spacing == "reversed":
        turn = turn @ np.diag([-1.0, 1.0, -1.0])
    return Grid((10, 17, 13), SPACINGS[spacing], (-40.0, 12.0, 77.0), tuple(turn.ravel()))


def values_of(grid: Grid) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 900, grid.shape).astype(np.uint16)


def study(folder, grid: Grid, enhanced: bool = False, exam: Exam = EXAM, plant_into: Tokens | None = None) -> None:
    if enhanced:
        order = np.random.default_rng(1).permutation(grid.shape[0]).tolist()
        datasets = [phantom.enhanced(exam, values_of(grid), grid, 3, order, SeriesDescription="t1 mprage +C")]
    else:
        datasets = phantom.slices(exam, values_of(grid), grid, 3, SeriesDescription="t1 mprage +C")
    other = phantom.slices(exam, values_of(grid)[::-1].copy(), grid, 4, SeriesDescription="FLAIR")
    if plant_into:
        plant([*datasets, *other], plant_into)
    studies.shuffled([*datasets, *other], folder)


def embedded(maps: np.ndarray, grid: Grid) -> np.ndarray:
    whole = np.zeros(grid.shape, maps.dtype)
    whole[BOX] = maps
    return whole


def source(path) -> Source:
    return Source(path, path.name)


@pytest.mark.parametrize(
    ("direction", "spacing", "enhanced"),
    [(d, s, False) for d in DIRECTIONS for s in SPACINGS] + [(d, "thick", True) for d in DIRECTIONS],
)
def test_round_trip_on_twelve_geometries(tmp_path, direction, spacing, enhanced):
    grid = grid_of(direction, spacing)
    study(tmp_path / "pacs", grid, enhanced)
    maps = write_results(tmp_path / "results", patient_of(values_of(grid), grid, BOX))
    report = export_results(tmp_path / "results", tmp_path / "pacs", tmp_path / "out")
    assert "series 3 (MR, t1 mprage +C), 10 slices (voxel for voxel)" in report.lines[0]
    segments = read_segmentation(source(tmp_path / "out/01_standard_seg.dcm"))
    structures = read_structures(source(tmp_path / "out/01_standard_rtstruct.dcm"))
    for i, day in enumerate(SCANS):
        expected = embedded(maps["probability"][0, i] >= 0.5, grid)
        assert np.array_equal(segments.mask(i + 1, grid), expected)
        assert np.array_equal(structures.regions[i].mask(grid), expected)
        assert structures.regions[i].name == segments.segments[i].label == f"predicted tumour, day {day:g}"
        cells = pydicom.dcmread(tmp_path / f"out/01_standard_cells_day{day:04.0f}.dcm")
        assert np.allclose(map_on(cells, grid), embedded(maps["mean_fraction"][0, i], grid), atol=1e-6)
        for suffix, values in (("probseg", maps["probability"]), ("cellfraction", maps["mean_fraction"])):
            assert np.array_equal(nifti_on(nifti(tmp_path / "out", day, suffix), grid), embedded(values[0, i], grid))


def test_frames_of_a_map_stand_in_the_order_of_the_slices(exported):
    """Some readers (dcmqi 1.5.7) place them by order, not by position."""
    folder, grid, maps, _ = exported
    made = pydicom.dcmread(folder / "out/01_standard_cells_day0090.dcm")
    values = np.frombuffer(made.FloatPixelData, "<f4").reshape(grid.shape)
    assert np.allclose(values, embedded(maps["mean_fraction"][0, 0], grid), atol=1e-6)


def nifti(out, day: float, suffix: str):
    return out / f"nifti/sub-case01/sub-case01_space-baseline_desc-standardDay{day:g}_{suffix}.nii.gz"


def nifti_on(path, grid: Grid) -> np.ndarray:
    """A NIfTI file on a grid, by its affine as the standard defines it (RAS, mm) and by no code of ours."""
    body = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(body, "<i2", 3, 42)
    affine = np.frombuffer(body, "<f4", 12, 280).reshape(3, 4).astype(float)
    values = np.frombuffer(body, "<f4", shape.prod(), int(np.frombuffer(body, "<f4", 1, 108)[0]))
    ijk = np.stack(np.unravel_index(np.arange(values.size), shape, order="F"), -1)
    lps = (ijk @ affine[:, :3].T + affine[:, 3]) * [-1, -1, 1]
    return laid(values, lps, grid)


def laid(values: np.ndarray, mm: np.ndarray, grid: Grid) -> np.ndarray:
    """Values on the voxels of ``grid`` that lie at ``mm`` (n, 3); what they leave out is zero."""
    turn = np.reshape(grid.direction, (3, 3))
    zyx = ((mm - np.array(grid.origin_mm)) @ turn / np.array(grid.spacing_mm)[::-1])[:, ::-1]
    assert np.abs(zyx - np.rint(zyx)).max() < 1e-2
    found = np.zeros(grid.shape, np.float32)
    found[tuple(np.rint(zyx).astype(int).T)] = values.reshape(-1)
    return found


def map_on(dataset, grid: Grid) -> np.ndarray:
    """A parametric map on a grid, by highdicom's own reader and through geometry, never through the index."""
    volume = hd.pm.ParametricMap.from_dataset(dataset).get_volume(apply_real_world_transform=False)
    index = np.stack(np.meshgrid(*map(np.arange, volume.array.shape), indexing="ij"), -1).reshape(-1, 3)
    return laid(volume.array, volume.map_indices_to_reference(index), grid)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Hospital mode, both arms, with a PDF."""
    folder = tmp_path_factory.mktemp("export")
    grid = grid_of("oblique", "thick")
    study(folder / "pacs", grid)
    maps = write_results(folder / "results", patient_of(values_of(grid), grid, BOX))
    (folder / "results/report.pdf").write_bytes(b"%PDF-1.7 made up")
    report = export_results(folder / "results", folder / "pacs", folder / "out", arms=["all"])
    return folder, grid, maps, report


def test_every_object_keeps_the_identity_and_frame_of_the_study(exported):
    folder, _, _, report = exported
    objects = [pydicom.dcmread(folder / "out" / name) for name in report.files if name.endswith(".dcm")]
    assert len(objects) == 2 * (3 + len(SCANS)) + 1
    first = next(pydicom.dcmread(p) for p in (folder / "pacs").rglob("IM*"))
    for one in objects:
        assert one.PatientID == first.PatientID and one.PatientName == first.PatientName
        assert one.StudyInstanceUID == first.StudyInstanceUID and one.SeriesNumber >= 9000
        assert "research use only" in one.SeriesDescription
    assert len({one.SeriesInstanceUID for one in objects}) == len({one.SOPInstanceUID for one in objects}) == len(objects)
    framed = [one for one in objects if one.Modality in ("SEG", "MR") or "Pixel" in str(one.dir("FloatPixelData"))]
    assert {one.FrameOfReferenceUID for one in framed} == {first.FrameOfReferenceUID}


def test_the_measurement_report_carries_medians_and_intervals(exported):
    folder, *_ = exported
    report = hd.sr.srread(folder / "out/01_standard_measurements.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert [g.tracking_identifier for g in groups] == [f"predicted tumour, day {d:g}" for d in SCANS]
    volumes = [m for m in groups[0].get_measurements() if m.name.meaning == "Volume"]
    assert [m.value for m in volumes] == pytest.approx([22.0, 19.3, 24.7], abs=0.01)
    assert {m.unit.value for m in volumes} == {"cm3"}
    segment = groups[1].reference_type
    assert segment is not None


def test_nifti_with_sidecars(exported):
    folder, grid, maps, _ = exported
    images = sorted((folder / "out/nifti").rglob("*.nii.gz"))
    assert len(images) == 2 * 2 * 3
    path = nifti(folder / "out", 90, "probseg")
    image = read_image(path)
    assert image.grid.same_as(grid.crop(BOX), 1e-3) and np.array_equal(image.values, maps["probability"][0, 0])
    facts = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    assert facts["DayAfterBaseline"] == 90 and facts["Measures"][0]["Median"] == pytest.approx(22.0)
    assert "Research use only" in facts["Notice"]


def test_the_pdf_is_wrapped_whole(exported):
    made = pydicom.dcmread(exported[0] / "out/report.dcm")
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == b"%PDF-1.7 made up"


def test_a_study_that_does_not_match_is_refused(exported, tmp_path):
    folder, grid, *_ = exported
    other = phantom.slices(EXAM, values_of(grid)[:, ::-1].copy(), grid, 3, SeriesDescription="t1 mprage")
    studies.shuffled(other, tmp_path / "pacs")
    with pytest.raises(DataRefused, match="No series of the study shows the image"):
        export_results(folder / "results", tmp_path / "pacs", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_results_on_another_grid_are_resampled_and_it_is_said(tmp_path):
    """A patient on a finer, turned grid: contours land where they belong."""
    grid = Grid((20, 24, 22), (2.0, 2.0, 2.0), (-20.0, -24.0, -22.0))
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)
    smooth = np.rint(500 + 200 * np.sin(grid.index_to_mm(index) @ np.array([0.1, 0.13, 0.17]))).astype(np.uint16)
    studies.shuffled(phantom.slices(EXAM, smooth, grid, 3, SeriesDescription="t1 mprage"), tmp_path / "pacs")
    fine = Grid((26, 28, 26), (1.3, 1.3, 1.3), (-15.0, -18.0, -15.0), studies.turned((3, -4, 5)))
    where = fine.index_to_mm(np.stack(np.meshgrid(*map(np.arange, fine.shape), indexing="ij"), -1))
    seen = np.rint(500 + 200 * np.sin(where @ np.array([0.1, 0.13, 0.17]))).astype(np.float32)
    patient = patient_of(seen, fine, (slice(None),) * 3)
    write_results(tmp_path / "results", patient)
    ball = ((where - where[13, 14, 13]) ** 2).sum(-1) < 9.0**2
    replace_probability(tmp_path / "results", np.where(ball, 0.9, 0.0))
    report = export_results(tmp_path / "results", tmp_path / "pacs", tmp_path / "out")
    assert "resampled: the results lie on another grid" in report.lines[0]
    mask = read_segmentation(source(tmp_path / "out/01_standard_seg.dcm")).mask(1, grid)
    assert mask.sum() * grid.voxel_ml == pytest.approx(ball.sum() * fine.voxel_ml, rel=0.05)
    centre = grid.index_to_mm(np.argwhere(mask).mean(axis=0))
    assert np.abs(centre - where[13, 14, 13]).max() < 0.3


def replace_probability(results, values: np.ndarray) -> None:
    from twin.store import load_dataset, save_dataset

    data = load_dataset(results / "scenarios.zarr").load()
    data["probability"][:] = values
    save_dataset(results / "scenarios.zarr", data)


def test_an_unknown_arm_and_a_folder_that_is_there_are_refused(exported, tmp_path):
    folder, *_ = exported
    with pytest.raises(UsageError, match=r"no arm called 'standart'\. Did you mean 'standard'"):
        export_results(folder / "results", folder / "pacs", tmp_path / "out", arms=["standart"])
    with pytest.raises(UsageError, match="is there already"):
        export_results(folder / "results", folder / "pacs", folder / "out")
    with pytest.raises(DataRefused):
        export_results(tmp_path, folder / "pacs", tmp_path / "out")


def test_an_arm_without_tumour_is_said(exported, tmp_path):
    folder, grid, *_ = exported
    write_results(tmp_path / "results", patient_of(values_of(grid), grid, BOX))
    replace_probability(tmp_path / "results", np.array(0.1))
    report = export_results(tmp_path / "results", folder / "pacs", tmp_path / "out")
    assert any("no tumour is predicted" in line for line in report.lines)


@pytest.mark.parametrize("enhanced", [False, True], ids=["classic", "enhanced"])
def test_research_mode_writes_no_identity(tmp_path, enhanced):
    grid, tokens = grid_of("oblique", "thick"), Tokens()
    exam = replace(EXAM, person="Zq^Person", person_id="ZqId")
    for word in ("Zq^Person", "ZqId", studies.BASELINE.strftime("%Y%m%d"), studies.BASELINE.isoformat()):
        tokens.add(word, "exam")
    study(tmp_path / "pacs", grid, enhanced, exam, tokens)
    maps = write_results(tmp_path / "results", patient_of(values_of(grid), grid, BOX))
    (tmp_path / "results/report.pdf").write_bytes(b"%PDF-1.7 of Zq^Person")
    report = export_results(tmp_path / "results", tmp_path / "pacs", tmp_path / "out", "research")
    files = written(tmp_path / "out")
    assert len(tokens.places) > 50 and len(files) > 20
    originals = {d.SOPInstanceUID for d in map(pydicom.dcmread, (tmp_path / "pacs").rglob("IM*"))}
    for name, body in files:
        assert not tokens.found(body), (name, tokens.found(body))
        assert not {u.decode() for u in UID.findall(body)} & originals, name
    assert not tokens.found("\n".join(report.lines).encode())
    segments = read_segmentation(source(tmp_path / "out/01_standard_seg.dcm"))
    assert np.array_equal(segments.mask(1, grid), embedded(maps["probability"][0, 0] >= 0.5, grid))
    images = [pydicom.dcmread(p) for p in (tmp_path / "out/source").glob("*.dcm")]
    assert len(images) == grid.shape[0] and {i.PatientIdentityRemoved for i in images} == {"YES"}


def test_words_burned_into_the_pixels_stop_a_research_export(tmp_path):
    grid = grid_of("axial", "isotropic")
    datasets = phantom.slices(EXAM, values_of(grid), grid, 3, SeriesDescription="t1", BurnedInAnnotation="YES")
    studies.shuffled(datasets, tmp_path / "pacs")
    write_results(tmp_path / "results", patient_of(values_of(grid), grid, BOX))
    with pytest.raises(DataRefused, match="burned into its pixels"):
        export_results(tmp_path / "results", tmp_path / "pacs", tmp_path / "out", "research")
    assert not (tmp_path / "out").exists()


def test_a_source_that_lacks_optional_elements_is_completed(tmp_path):
    grid = grid_of("axial", "isotropic")
    datasets = phantom.slices(EXAM, values_of(grid), grid, 3, SeriesDescription="t1")
    for one in datasets:
        for keyword in (
            "AccessionNumber",
            "StudyID",
            "PatientBirthDate",
            "PatientSex",
            "ReferringPhysicianName",
            "StudyTime",
        ):
            delattr(one, keyword)
    studies.shuffled(datasets, tmp_path / "pacs")
    write_results(tmp_path / "results", patient_of(values_of(grid), grid, BOX))
    report = export_results(tmp_path / "results", tmp_path / "pacs", tmp_path / "out")
    assert any(name.endswith("seg.dcm") for name in report.files)


@pytest.fixture(scope="module")
def identified(tmp_path_factory):
    """(results folder of a case imported in hospital mode, its study, the datasets of the study)."""
    folder = tmp_path_factory.mktemp("identity")
    datasets = studies.baseline_study(studies.head())
    for one in datasets:
        one.IssuerOfPatientID, one.PatientName, one.PatientBirthDate = "HOSPITAL A", "Doe^Jane", "19500102"
    studies.shuffled(datasets, folder / "pacs")
    answers = {"radiotherapy": {"from_date": "2026-01-19"}}
    for mode in ("hospital", "research"):
        import_study(folder / "pacs", folder / mode, answers, mode=mode)
        write_results(folder / f"results-{mode}", load_case(folder / mode))
    return folder


def changed(folder, tmp_path, **tags) -> None:
    """The study with other elements."""
    datasets = [pydicom.dcmread(p) for p in sorted((folder / "pacs").rglob("IM*"))]
    for one in datasets:
        for keyword, value in tags.items():
            if keyword in one:
                setattr(one, keyword, value)
    studies.shuffled(datasets, tmp_path / "pacs")


def test_an_export_compares_the_identity_and_says_so(identified, tmp_path):
    report = export_results(identified / "results-hospital", identified / "pacs", tmp_path / "out")
    assert report.lines[1] == (
        "Identity compared with the case: the patient number, who issued the patient number, the name, the date of birth, "
        "the study, the frame of reference agree."
    )


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"PatientID": "another"}, "the patient number differs"),
        ({"PatientID": ""}, "the patient number differs"),
        ({"IssuerOfPatientID": "HOSPITAL B"}, "who issued the patient number differs"),
        ({"PatientName": "Roe^Richard"}, "the name differs"),
        ({"PatientBirthDate": "19510102"}, "the date of birth differs"),
        ({"StudyInstanceUID": "1.2.3.4"}, "the study differs"),
        ({"FrameOfReferenceUID": "1.2.3.5"}, "the frame of reference differs"),
        ({"PatientID": "another", "PatientName": "Roe^Richard"}, "the patient number, the name differ"),
    ],
)
def test_a_study_of_another_identity_is_refused_although_its_voxels_agree(identified, tmp_path, tags, words):
    changed(identified, tmp_path, **tags)
    with pytest.raises(DataRefused, match=f"not the one from which the case was made: {words}\\.") as caught:
        export_results(identified / "results-hospital", tmp_path / "pacs", tmp_path / "out")
    assert caught.value.exit_code == 3 and caught.value.remedy and not (tmp_path / "out").exists()
    assert "Roe" not in str(caught.value) and "HOSPITAL" not in str(caught.value)


@pytest.mark.parametrize("tags", [{"PatientName": "DOE^JANE^^"}, {"PatientBirthDate": ""}, {"IssuerOfPatientID": ""}])
def test_other_ways_to_write_the_same_identity_are_no_other_one(identified, tmp_path, tags):
    changed(identified, tmp_path, **tags)
    assert export_results(identified / "results-hospital", tmp_path / "pacs", tmp_path / "out").files


def test_identity_is_kept_as_salted_digests_and_in_hospital_mode_only(identified, tmp_path):
    patient = load_case(identified / "hospital")
    assert set(patient.identity) == set(ELEMENTS)
    assert patient.identity["PatientID"] != load_case(identified / "hospital").identity["PatientName"]
    words = (identified / "hospital/case.yaml").read_text() + (identified / "results-hospital/patient.json").read_text()
    assert not any(word in words for word in ("HOSPITAL A", "Doe", "Jane", "19500102"))
    assert "identity" not in (identified / "research/case.yaml").read_text()
    write_case(patient, tmp_path / "again")
    assert load_case(tmp_path / "again").identity == patient.identity
    report = export_results(identified / "results-research", identified / "pacs", tmp_path / "out")
    assert "states no identity to compare" in report.lines[1]


@pytest.mark.parametrize(
    ("keyword", "words"), [("IssuerOfPatientID", "2 issuers of it"), ("PatientBirthDate", "2 dates of birth")]
)
def test_one_number_of_two_patients_is_refused(identified, tmp_path, keyword, words):
    datasets = [pydicom.dcmread(p) for p in sorted((identified / "pacs").rglob("IM*"))]
    setattr(datasets[0], keyword, "19600101")
    studies.shuffled(datasets, tmp_path / "pacs")
    for call in (lambda: import_study(tmp_path / "pacs", tmp_path / "case"),
                 lambda: export_results(identified / "results-hospital", tmp_path / "pacs", tmp_path / "out")):  # fmt: skip
        with pytest.raises(DataRefused, match=f"mixes patients: one number, {words}"):
            call()
