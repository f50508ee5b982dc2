"""Predicted extents as DICOM SEG on the source series, and maps as DICOM parametric maps, by highdicom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twin import RESEARCH_USE_ONLY, __version__
from twin.imaging.dicom.match import Match, on_frames
from twin.imaging.dicom.phantom import item
from twin.imaging.dicom.predicted import LIKELY, Arm, Predicted, Prediction

MAKER: dict[str, Any] = {
    "manufacturer": "oncotwin",
    "manufacturer_model_name": "oncotwin",
    "software_versions": __version__,
    "device_serial_number": "0",
}

PROCEDURES = {
    "MR": ("25056-3", "LN", "MR unspecified body region"),
    "CT": ("25045-6", "LN", "CT unspecified body region"),
    "PT": ("44136-0", "LN", "PET unspecified body region"),
}
"""LOINC codes of the imaging procedure (PS3.16 CID 100)."""

UNPAIRED = {"brain": ("12738006", "Brain"), "liver": ("10200004", "Liver"), "prostate": ("41216001", "Prostate")}
"""SNOMED CT codes of organs without sides."""


COLOURS = ((230, 75, 60), (245, 160, 40), (80, 160, 230), (90, 190, 110), (160, 110, 210), (120, 120, 120))


def colour(number: int) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of the predicted region of this number, alike in SEG and RTSTRUCT."""
    return COLOURS[(number - 1) % len(COLOURS)]


def series_words(arm: Arm, what: str) -> str:
    """A series description of at most 64 characters that says what it is not."""
    return f"oncotwin {what}, {arm.slug[3:]} (research use only)"[:64]


def segmentation(arm: Arm, predicted: Predicted, source: Match, number: int) -> Any:
    """One SEG: a segment per predicted day, where at least half of the draws show tumour."""
    import highdicom as hd

    planes = np.stack([on_frames(p.probability, predicted.grid, source.frames) >= LIKELY for p in arm.predictions], axis=-1)
    described = [_segment(i, p) for i, p in enumerate(arm.predictions, start=1)]
    made = hd.seg.Segmentation(
        source_images=list(source.headers),
        pixel_array=file_order(planes, source).astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid=hd.UID(),
        series_number=number,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        content_label="PREDICTION",
        content_creator_name="oncotwin^software",
        content_description=RESEARCH_USE_ONLY[:64],
        series_description=series_words(arm, "predicted tumour"),
        **MAKER,
    )
    return made


def _segment(number: int, prediction: Prediction) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=prediction.label,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type="AUTOMATIC",
        algorithm_identification=algorithm(),
        tracking_uid=hd.UID(),
        tracking_id=prediction.label,
        display_color=hd.color.CIELabColor.from_rgb(*colour(number)),
    )


def algorithm() -> Any:
    """What made the prediction."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    return hd.AlgorithmIdentificationSequence(
        name="oncotwin growth forecast", family=codes.DCM.DeformableModels, version=__version__, source="oncotwin"
    )


def file_order(planes: np.ndarray, source: Match) -> np.ndarray:
    """Planes in the order in which highdicom takes them: one per file, or all frames of the one multi-frame file."""
    if len(source.headers) > 1 or len(source.frames) == 1:
        return planes
    count = int(source.headers[0].get("NumberOfFrames", 1))
    whole = np.zeros((count, *planes.shape[1:]), planes.dtype)
    whole[[f.index for f in source.frames]] = planes
    return whole


def parametric_map(arm: Arm, prediction: Prediction, predicted: Predicted, source: Match, number: int) -> Any:
    """The mean predicted cell fraction of one day (0 to 1), as 32-bit floats on the source series."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    values = prediction.fraction if prediction.fraction is not None else prediction.probability
    planes = np.clip(on_frames(values, predicted.grid, source.frames), 0, 1)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="CELLS",
        lut_explanation="mean predicted cell fraction of the carrying capacity",
        unit=codes.UCUM.NoUnits,
        value_range=(0.0, 1.0),
        slope=1,
        intercept=0,
        quantity_definition=hd.sr.CodedConcept("CELLS", "99ONCOTWIN", "mean predicted cell fraction"),
    )
    made = hd.pm.ParametricMap(
        source_images=list(source.headers),
        pixel_array=file_order(planes, source),
        series_instance_uid=hd.UID(),
        series_number=number,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[hd.VOILUTTransformation(window_center=0.5, window_width=1.0)],
        content_label="CELL_FRACTION",
        content_creator_name="oncotwin^software",
        content_description=RESEARCH_USE_ONLY[:64],
        series_description=series_words(arm, f"cells day {prediction.day:g}"),
        **MAKER,
    )
    _add_anatomy(made, predicted.patient.site)
    _ascend(made, source)
    return made


def _ascend(made: Any, source: Match) -> None:
    """Frames in the order of the grid's slices: some readers take that for granted and do not look at positions."""
    normal = source.frames[0].normal
    groups = list(made.PerFrameFunctionalGroupsSequence)
    places = [normal @ np.array(g.PlanePositionSequence[0].ImagePositionPatient, float) for g in groups]
    order = np.argsort(places)
    size = len(made.FloatPixelData) // len(groups)
    made.FloatPixelData = b"".join(made.FloatPixelData[i * size : (i + 1) * size] for i in order)
    made.PerFrameFunctionalGroupsSequence = [groups[i] for i in order]
    for rank, group in enumerate(made.PerFrameFunctionalGroupsSequence, start=1):
        group.FrameContentSequence[0].DimensionIndexValues = [rank]


def _add_anatomy(made: Any, site: str) -> None:
    """Name the organ where it has no sides; some readers crash on a map that names none."""
    if site not in UNPAIRED:
        made.Laterality = ""
        return
    value, meaning = UNPAIRED[site]
    region = item(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)
    anatomy = item(FrameLaterality="U", AnatomicRegionSequence=[region])
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [anatomy]


def measurements(arm: Arm, segmentation_: Any, source: Match, number: int) -> Any:
    """Volumes and diameters with their intervals as a measurement report (SR, TID 1500) on the segments."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID(), name="oncotwin", manufacturer_name="oncotwin", model_name="oncotwin"
        ),
    )
    groups = [_group(i, p, segmentation_) for i, p in enumerate(arm.predictions, start=1) if p.measures and p.mask.any()]
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=hd.sr.CodedConcept(*PROCEDURES[source.volume.series.modality]),
        imaging_measurements=groups,
    )
    return hd.sr.Comprehensive3DSR(
        evidence=[segmentation_, *source.headers],
        content=report[0],
        series_instance_uid=hd.UID(),
        series_number=number,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="oncotwin",
        is_complete=True,
        series_description=series_words(arm, "measurements"),
    )


def _group(number: int, prediction: Prediction, segmentation_: Any) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    segment = segmentation_.SegmentSequence[number - 1]
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=segment.TrackingUID, identifier=prediction.label),
        referenced_segment=hd.sr.ReferencedSegment.from_segmentation(segmentation_, number),
        finding_type=codes.SCT.Neoplasm,
        measurements=[m for found in prediction.measures for m in _values(found)],
    )


def _values(found: Any) -> Sequence[Any]:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    name, unit = {
        "volume": (codes.SCT.Volume, codes.UCUM.CubicCentimeter),
        "longest diameter": (codes.SCT.Diameter, codes.UCUM.Millimeter),
    }[found.name]
    kinds = {
        "median": codes.SCT.Median,
        "low": hd.sr.CodedConcept("P05", "99ONCOTWIN", "5th percentile of the posterior draws"),
        "high": hd.sr.CodedConcept("P95", "99ONCOTWIN", "95th percentile of the posterior draws"),
    }
    return [hd.sr.Measurement(name, getattr(found, key), unit, derivation=kind) for key, kind in kinds.items()]
