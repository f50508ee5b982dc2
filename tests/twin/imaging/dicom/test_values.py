"""Units only where tags state them, SUV by the rules, roles from words and physics."""

from __future__ import annotations

import copy
import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.twin.imaging.dicom import studies
from tests.twin.imaging.dicom.test_stack import EXAM, only, ramp, small
from twin.imaging.dicom import phantom
from twin.imaging.dicom.element import text, texts
from twin.imaging.dicom.role import role_of
from twin.imaging.dicom.suv import suv_factor
from twin.imaging.dicom.values import compact, measure, real_world_mapping


def adc(tmp_path, change=None, **tags):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3, SeriesDescription="ADC", **tags)
    for number, one in enumerate(datasets):
        if change:
            change(one, number)
    return measure(only(datasets, tmp_path)), ramp(grid)


def with_unit(code: str, slope: float = 1.0):
    def change(one, number):
        one.RealWorldValueMappingSequence = [studies.adc_unit()]
        one.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = code
        one.RealWorldValueMappingSequence[0].RealWorldValueSlope = slope

    return change


def test_without_a_statement_there_is_no_unit(tmp_path):
    found, values = adc(tmp_path)
    assert found.unit is None and np.array_equal(found.values, values)


@pytest.mark.parametrize(
    ("code", "unit"), [("um2/s", "um2/s"), ("mm2/s", "mm2/s"), ("10-6.mm2/s", "um2/s"), ("furlong2/s", None), ("", None)]
)
def test_the_unit_of_a_real_world_mapping(tmp_path, code, unit):
    assert adc(tmp_path, with_unit(code))[0].unit == unit


def test_a_mapping_has_its_own_scale_and_leaves_out_the_rescale_slope(tmp_path):
    found, values = adc(tmp_path, with_unit("um2/s", 0.5), RescaleSlope="7", RescaleIntercept="3")
    assert np.allclose(found.values, values * 0.5)


def test_a_mapping_per_slice_is_applied_per_slice(tmp_path):
    found, values = adc(tmp_path, lambda one, k: with_unit("um2/s", 1.0 + k)(one, k))
    assert np.allclose(found.values, values * (1.0 + np.arange(20))[:, None, None])


def test_units_that_differ_between_slices_are_no_unit(tmp_path):
    found, _ = adc(tmp_path, lambda one, k: with_unit("um2/s" if k else "mm2/s")(one, k))
    assert found.unit is None


def test_frames_of_one_file_with_different_mappings_state_nothing():
    made = Dataset()
    frames = [Dataset(), Dataset()]
    for slope, frame in zip((1.0, 2.0), frames, strict=True):
        item = copy.deepcopy(studies.adc_unit())
        item.RealWorldValueSlope = slope
        frame.RealWorldValueMappingSequence = [item]
    made.PerFrameFunctionalGroupsSequence = frames
    assert real_world_mapping(made) is None
    frames[1].RealWorldValueMappingSequence[0].RealWorldValueSlope = 1.0
    assert real_world_mapping(made) == (1.0, 0.0, "um2/s")


def test_ct_is_in_hounsfield_units(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3, modality="CT", RescaleSlope="1", RescaleIntercept="-1024")
    found = measure(only(datasets, tmp_path))
    assert found.unit == "HU" and found.values.dtype == np.int16
    assert np.array_equal(found.values, ramp(grid).astype(int) - 1024)


@pytest.mark.parametrize(
    ("values", "kind"), [([1.0, -2.0], "i2"), ([70000.0], "i4"), ([0.5], "f4"), ([1e12], "f4"), ([np.nan], "f4")]
)
def test_whole_numbers_stay_whole(values, kind):
    assert compact(np.array(values)).dtype == np.dtype(kind)


def pet(**tags) -> Dataset:
    made, dose = Dataset(), Dataset()
    dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = "370000000", "6586.2"
    dose.RadiopharmaceuticalStartTime = "090000"
    made.Units, made.DecayCorrection, made.PatientWeight = "BQML", "START", "70"
    made.SeriesDate, made.SeriesTime, made.CorrectedImage = "20260105", "100000", ["ATTN", "DECY"]
    made.AcquisitionDate, made.AcquisitionTime = "20260105", "100000"
    made.RadiopharmaceuticalInformationSequence = [dose]
    for keyword, value in tags.items():
        setattr(dose if keyword.startswith("Radio") else made, keyword, value)
    return made


def test_suv_by_hand():
    """370 MBq, 70 kg, one hour: 5000 Bq/mL is 5000 * 70000 / (370e6 * 2^(-3600/6586.2)) = 1.3816."""
    factor, unit, _ = suv_factor([pet()])
    assert unit == "SUV" and 5000 * factor == pytest.approx(1.3816, abs=1e-3)


@pytest.mark.parametrize(
    ("tags", "factor"),
    [
        # 75 kg, 100 MBq at the injection: 75000 g / 1e8 Bq (the ratio of calculate-suv's own test: 75 kg, 100 Bq -> 750)
        ({"DecayCorrection": "ADMIN", "PatientWeight": "75", "RadionuclideTotalDose": "1e8"}, 7.5e-4),
        # one half-life after the injection half the dose is left: twice the factor
        ({"SeriesTime": "104946.2", "AcquisitionTime": "104946.2"}, 2 * 70000 / 370e6),
        # F-18, 374 MBq at 08:30:45, scan at 09:30:45, 82 kg: 82000 / (374e6 * 2^(-3600/6586.2)) = 3.2026e-4
        (
            {
                "RadionuclideTotalDose": "374000000",
                "RadiopharmaceuticalStartDateTime": "20260105083045.000000",
                "SeriesTime": "093045",
                "AcquisitionTime": "093045",
                "PatientWeight": "82",
            },
            3.2026e-4,
        ),
        # C-11 (1223.4 s), 20 minutes: 70000 / (370e6 * 2^(-1200/1223.4)) = 3.7340e-4
        ({"RadionuclideHalfLife": "1223.4", "SeriesTime": "092000", "AcquisitionTime": "092000"}, 3.7340e-4),
        # Ga-68 (4057.74 s), 60 minutes, 150 MBq: 70000 / (150e6 * 2^(-3600/4057.74)) = 8.6312e-4
        ({"RadionuclideHalfLife": "4057.74", "RadionuclideTotalDose": "1.5e8"}, 8.6312e-4),
        # injected at 23:30 without a date, scanned at 00:30 of the next day: one hour
        ({"RadiopharmaceuticalStartTime": "233000", "SeriesTime": "003000", "AcquisitionTime": "003000"}, 2.7632e-4),
    ],
)
def test_suv_factors_computed_by_hand(tags, factor):
    found, unit, _ = suv_factor([pet(**tags)])
    assert unit == "SUV" and found == pytest.approx(factor, rel=2e-4)


def counts(**scales) -> Dataset:
    made = pet(Units="CNTS", DecayCorrection="ADMIN", PatientWeight="100", RadionuclideTotalDose="1e8")
    block = made.private_block(0x7053, "Philips PET Private Group", create=True)
    for element, value in scales.items():
        block.add_new({"suv": 0x00, "activity": 0x09}[element], "UN", value.encode())
    return made


@pytest.mark.parametrize(
    ("scales", "factor"),
    [
        ({"suv": "0.000551", "activity": "1.602563"}, 0.000551),
        ({"suv": "0", "activity": "1.602563"}, 1.602563 * 100e3 / 1e8),
        ({"activity": "1.602563"}, 1.602563 * 100e3 / 1e8),
    ],
)
def test_counts_of_philips(scales, factor):
    """The private scales and what calculate-suv's own tests expect of them (its dose is a millionth of this one)."""
    found, unit, _ = suv_factor([counts(**scales)])
    assert unit == "SUV" and found == pytest.approx(factor)


def test_counts_whose_scale_differs_from_slice_to_slice_or_is_nonsense_are_no_suv():
    for headers in ([counts(suv="0.1"), counts(suv="0.2")], [counts(suv="nan")], [counts(suv="-1")], [counts(suv="inf")]):
        factor, unit, how = suv_factor(headers)
        assert (factor, unit) == (1.0, None) and "counts without a scale" in how


def test_suv_refers_to_the_first_acquisition_where_the_series_is_dated_later():
    later = pet(SeriesTime="113000")
    assert suv_factor([later, pet()])[0] == pytest.approx(suv_factor([pet()])[0])


@pytest.mark.parametrize("kind", ["DT", "UN"])
def test_suv_refers_to_the_time_that_ge_notes_where_the_series_is_dated_later(kind):
    later = pet(SeriesTime="113000", AcquisitionTime="101000")
    words = "20260105100000.00"
    value = words.encode() if kind == "UN" else words
    later.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, kind, value)
    assert suv_factor([later])[0] == pytest.approx(suv_factor([pet()])[0])
    later.SeriesTime = "101000"
    assert suv_factor([later])[0] == pytest.approx(suv_factor([pet(SeriesTime="101000", AcquisitionTime="101000")])[0])


def test_suv_as_stored():
    assert suv_factor([pet(Units="GML")])[:2] == (1.0, "SUV")
    assert suv_factor([pet(Units="GML", SUVType="BW")])[:2] == (1.0, "SUV")
    _, unit, how = suv_factor([pet(Units="GML", SUVType="LBM")])
    assert unit is None and "normalised by LBM, not by body weight" in how


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"Units": "CNTS"}, "counts without a scale"),
        ({"Units": "PROPCPS"}, "not Bq/mL"),
        ({"PatientWeight": None}, "weight"),
        ({"RadionuclideTotalDose": "0"}, "injected dose"),
        ({"RadionuclideTotalDose": "370"}, "370 Bq, which no PET is made with"),
        ({"DecayCorrection": "NONE"}, "not decay corrected"),
        ({"CorrectedImage": ["DECY"]}, "attenuation"),
        ({"CorrectedImage": ["ATTN"]}, "not decay corrected"),
        ({"RadiopharmaceuticalStartTime": "110000"}, "does not lie before"),
        ({"RadiopharmaceuticalStartTime": None}, "time of injection"),
    ],
)
def test_suv_is_not_made_up(tags, words):
    factor, unit, how = suv_factor([pet(**tags)])
    assert (factor, unit) == (1.0, None) and words in how


def role(description: str = "", kind: str = "", modality: str = "MR", **tags) -> tuple[str, bool]:
    header = Dataset()
    header.SeriesDescription = description
    for keyword, value in tags.items():
        setattr(header, keyword, value)
    volume = SimpleNamespace(series=SimpleNamespace(header=header, modality=modality), kind=tuple(kind.split("\\")))
    found = role_of(volume)  # type: ignore[arg-type]
    return found.name, found.sure


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("t1_mprage_sag_p2_iso", "t1"),
        ("t1_mprage_sag_p2_iso +C", "t1gd"),
        ("T1 post gd", "t1gd"),
        ("AX T1 POST", "t1gd"),
        ("T1W_KM", "t1gd"),
        ("t1ce", "t1gd"),
        ("T1 pre contrast", "t1"),
        ("T1 posterior fossa", "t1"),
        ("AX BRAVO", "t1"),
        ("3D FLAIR sag", "flair"),
        ("t2_tirm_tra_dark-fluid", "flair"),
        ("t2_tse_tra", "t2"),
        ("T2W_TSE", "t2"),
        ("t2*_gre", "other"),
        ("ep2d_diff_3scan_trace_p2_ADC", "adc"),
        ("eADC", "other"),
        ("ep2d_diff_TRACEW", "other"),
        ("DWI b1000", "other"),
        ("SWI_Images", "other"),
        ("T1 subtraction", "other"),
        ("perfusion DSC rCBV", "other"),
        ("MoCoSeries", "other"),
        ("", "other"),
    ],
)
def test_roles_by_description(description, expected):
    assert role(description)[0] == expected


def test_roles_by_physics_are_not_sure():
    assert role("Se 4", EchoTime="3", RepetitionTime="500") == ("t1", False)
    assert role("Se 4", EchoTime="3", RepetitionTime="500", ContrastBolusAgent="Gadovist") == ("t1gd", False)
    assert role("Se 4", EchoTime="100", RepetitionTime="5000") == ("t2", False)
    assert role("Se 4", EchoTime="120", RepetitionTime="9000", InversionTime="2500") == ("flair", False)
    assert role("t1 tse", ContrastBolusAgent="Gadovist") == ("t1gd", False)
    assert role("t1 tse", ContrastBolusAgent="NONE") == ("t1", True)


def test_roles_by_kind_and_modality():
    assert role("abc", "DERIVED\\PRIMARY\\DIFFUSION\\ADC")[0] == "adc"
    assert role("t1 mprage", "DERIVED\\PRIMARY\\MPR")[0] == "other"
    assert role("angio", "DERIVED\\SECONDARY\\PROJECTION IMAGE")[0] == "other"
    assert role("x", modality="CT")[0] == "ct" and role("x", modality="PT")[0] == "pet"


def test_the_day_is_that_of_the_scan_not_of_a_later_processing(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3, SeriesDate="20270101", ContentDate="20270101")
    assert only(datasets, tmp_path).series.date == datetime.date(2026, 1, 5)


def test_a_persons_name_is_one_value():
    header = Dataset()
    header.PatientName = "Doe^Jane"
    header.ImageType = ["ORIGINAL", "PRIMARY"]
    assert text(header, "PatientName") == "Doe^Jane"
    assert texts(header, "ImageType") == ("ORIGINAL", "PRIMARY")
