"""Research mode: of all planted identity nothing is in any output, message or log; intervals stay exact to the day."""

from __future__ import annotations

import datetime
import logging
import shutil
import warnings
import zipfile

import pytest

from tests.twin.imaging.dicom import studies
from tests.twin.imaging.dicom.identity import UID, Tokens, plant, plant_nifti, written
from twin.case import load_case, write_case
from twin.case.prepared import save_patient
from twin.errors import OncotwinError, UsageError
from twin.imaging.dicom import import_study, phantom
from twin.imaging.dicom.phantom import Exam
from twin.imaging.privacy import privacy

DATES = {d.strftime("%Y%m%d") for d in (studies.BASELINE, studies.FOLLOW_UP, studies.START)} | {
    d.isoformat() for d in (studies.BASELINE, studies.FOLLOW_UP, studies.START)
}


@pytest.fixture(scope="module")
def tokens():
    return Tokens()


@pytest.fixture(scope="module")
def pacs(tmp_path_factory, tokens):
    """Two dates with identity everywhere, structures named after the patient, telling file names, an archive."""
    folder = tmp_path_factory.mktemp("pacs") / tokens.new("folder name")
    patients = studies.head(), studies.head(18.0, (2.0, 3.0, -6.0))
    exam = Exam(studies.BASELINE, frame="day0")
    datasets = studies.baseline_study(patients[0])
    t1 = next(d for d in datasets if d.get("SeriesNumber") == 3)
    names = {f"GTV {tokens.new('RTSTRUCT name')}": patients[0].tumour}
    datasets.append(
        phantom.structures(exam, {n: studies.contours(m, patients[0].grid) for n, m in names.items()}, t1, series=95)
    )
    segments = {tokens.new("segment label"): patients[0].tumour}
    datasets.append(phantom.segmentation(exam, segments, patients[0].grid, 96, t1.SeriesInstanceUID))
    datasets += studies.follow_up_study(patients[1])
    plant(datasets, tokens)
    for one in datasets:
        if one.Modality == "RTPLAN":
            one.RTPlanLabel, one.RTPlanName = tokens.new("plan label")[:16], tokens.new("plan name")
        if one.Modality == "RTSTRUCT":
            one.StructureSetLabel = tokens.new("structure set label")
    studies.shuffled(datasets, folder)
    for number, path in enumerate(sorted(folder.rglob("IM*"))[:5]):
        path.rename(path.with_name(tokens.new(f"file name {number}")))
    with zipfile.ZipFile(folder / (tokens.new("archive name") + ".zip"), "w") as archive:
        for path in sorted(folder.rglob("IM*"))[:4]:
            archive.write(path, tokens.new("archive member") + "/" + path.name)
    (folder / "damaged").write_bytes(next(folder.rglob("IM*")).read_bytes()[:900])
    (folder / (tokens.new("text file") + ".txt")).write_text(tokens.new("text"))
    return folder


ANSWERS = {"radiotherapy": {"from_date": "2026-01-19"}}


def test_at_least_sixty_tokens_are_planted(pacs, tokens):
    planted = b"".join(body for _, body in written(pacs))
    assert len(tokens.places) >= 60
    assert len(tokens.found(planted + str(pacs).encode())) >= 60


@pytest.fixture(scope="module")
def imported(pacs, tmp_path_factory):
    """The case, and every word that was said while it was made."""
    out = tmp_path_factory.mktemp("research") / "case"
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            report = import_study(pacs, out, ANSWERS, mode="research")
    finally:
        logging.getLogger().removeHandler(handler)
    said += [str(w.message) for w in remarks] + [str(report), repr(report), str(report.as_json())]
    return report, "\n".join(said)


def check(tokens, name: str, body: bytes) -> None:
    assert not tokens.found(body), (name, tokens.found(body))
    assert not UID.search(body), name
    assert not [d for d in DATES if d.encode() in body], name


def test_no_token_is_in_any_output_message_or_log(imported, tokens):
    report, said = imported
    files = written(report.out)
    assert any(name.endswith(".nii.gz") for name, _ in files) and len(files) > 15
    for name, body in files:
        check(tokens, name, body)
    check(tokens, "messages", said.encode())


def test_what_matters_still_came_through(imported):
    report, _ = imported
    patient = load_case(report.out)
    assert [v.day for v in patient.visits] == [0, 42]
    assert patient.treatments.courses[0].fractions[0].day == 14
    assert [p.what for p in report.problems] == ["Outlines that may be the tumour are left out: structure 1."]


def test_nothing_of_it_is_in_the_prepared_patient_or_the_case_written_from_it(imported, tokens, tmp_path):
    patient = load_case(imported[0].out)
    save_patient(patient, tmp_path / "results")
    write_case(patient, tmp_path / "case")
    for name, body in written(tmp_path):
        check(tokens, name, body)


def test_identity_in_nifti_headers_goes_no_further(imported, tmp_path):
    own = Tokens()
    shutil.copytree(imported[0].out, tmp_path / "case")
    for path in (tmp_path / "case").rglob("*.nii.gz"):
        plant_nifti(path, own)
    patient = load_case(tmp_path / "case")
    save_patient(patient, tmp_path / "results")
    write_case(patient, tmp_path / "again")
    assert len(own.places) >= 20
    for folder in ("results", "again"):
        for name, body in written(tmp_path / folder):
            assert not own.found(body), name


@pytest.mark.parametrize("what", ["truncated", "no images", "two patients", "bad outline", "bad dose", "no such folder"])
def test_no_error_text_quotes_identity(pacs, tokens, tmp_path, what):
    folder = tmp_path / "Zq999xW"
    tokens.add("Zq999xW", "folder of the broken study")
    datasets = studies.baseline_study(studies.head())[9:]
    plant(datasets, tokens)
    if what == "no images":
        datasets = [d for d in datasets if d.Modality not in ("MR",)]
    elif what == "two patients":
        datasets[0].PatientID = tokens.new("another patient")
    for one in datasets:
        if what == "bad outline" and one.Modality == "RTSTRUCT":
            one.ROIContourSequence[0].ContourSequence[0].ContourData = ["1", "2"]
            one.StructureSetROISequence[0].ROIName = tokens.new("name of a bad outline")
        if what == "bad dose" and one.Modality == "RTDOSE":
            one.DoseUnits = tokens.new("dose unit").upper()
    if what != "no such folder":
        studies.shuffled(datasets, folder)
    if what == "truncated":
        for path in folder.rglob("IM*"):
            path.write_bytes(path.read_bytes()[:1200])
    try:
        said = str(import_study(folder, tmp_path / "case", mode="research"))
    except OncotwinError as error:
        said = str(error) + repr(error.__cause__) + repr(error.__context__)
    assert said
    check(tokens, what, said.encode())


def test_dates_move_by_whole_weeks_alike_for_one_patient_and_key():
    rules = [privacy("research", "P1", "a secret of the site") for _ in range(2)]
    assert rules[0] == rules[1] != privacy("research", "P2", "a secret of the site")
    assert rules[0] != privacy("research", "P1", "another secret")
    day = datetime.date(2026, 1, 5)
    for own in (*rules, privacy("research")):
        assert own.date(day).weekday() == day.weekday() and own.date(day) <= day - datetime.timedelta(days=364)
        assert own.date(day + datetime.timedelta(days=91)) - own.date(day) == datetime.timedelta(days=91)


def test_hospital_mode_hides_nothing_and_unknown_modes_are_refused():
    assert privacy("hospital").date(datetime.date(2026, 1, 5)) == datetime.date(2026, 1, 5)
    assert privacy("hospital").quote("GTV", "structure 1") == "'GTV'"
    with pytest.raises(UsageError, match="no mode called"):
        privacy("secret")
