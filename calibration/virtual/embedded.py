"""The embedded patient: a virtual glioblastoma in real human anatomy, treated by the Stupp protocol."""

from __future__ import annotations

import numpy as np

from calibration.observation.adc import VOXEL_NOISE
from calibration.virtual.patient import Hidden, VirtualPatient, examine
from calibration.virtual.scanner import Scanner
from twin.errors import UsageError
from twin.fields import block_mean, bounding_box, field
from twin.imaging.mni152 import load_mni152
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.progress import SILENT, Progress
from twin.treatment import Plan, chemotherapy, radiotherapy

TRUTH = {
    "diffusivity_mm2_per_day": 0.07,
    "proliferation_per_day": 0.04,
    "slow_tissue_ratio": 0.12,
    "radiosensitivity_per_gy": 0.022,
    "chemosensitivity_per_day": 0.2,
}
"""The hidden truth. A front of 39 mm a year, about 1.3 mm wide; treatment holds it for some weeks only."""

SEED_VOXEL = (26 + 72, 18 + 134, 26 + 98)
"""Right frontal white matter: MNI (x, y, z) = (26, 18, 26) mm as (z, y, x) voxels of the template."""

DIAGNOSED_ML = 38.0

VISITS = (
    Visit(0.0, "diagnosis"),
    Visit(18.0, "planning MRI"),
    Visit(42.0, "mid-course MRI"),
    Visit(90.0, "after radiotherapy", held_out=True),
    Visit(146.0, "follow-up", held_out=True),
)


def stupp(start_day: float = 21.0) -> Plan:
    """60 Gy in 30 weekday fractions with daily temozolomide, then six cycles. Stupp et al. 2005, NEJM 352:987.

    ``start_day`` is a Monday. 75 mg/m2 daily over the 42 days of radiotherapy; four weeks off; then days 1-5 of 28, the
    first cycle at 150 and the others at 200 mg/m2.
    """
    adjuvant = start_day + 42 + 28
    cycles = [chemotherapy("temozolomide", 150.0, adjuvant + np.arange(5))]
    cycles += [chemotherapy("temozolomide", 200.0, adjuvant + 28 * k + np.arange(5)) for k in range(1, 6)]
    concomitant = chemotherapy("temozolomide", 75.0, start_day + np.arange(42))
    return Plan((radiotherapy(start_day, 60.0, 30), concomitant, *cycles))


def embedded_patient(
    seed: int = 2026, spacing_mm: float = 1, engine: str = "native", progress: Progress = SILENT
) -> VirtualPatient:
    """The embedded patient at 1, 2, 3 or 4 mm; ``seed`` draws the scanner's noise, the truth stays the same.

    Five visits (days 0, 18, 42; 90 and 146 held out) with an ADC map and the regions "enhancing" and "oedema" (FLAIR).
    """
    if spacing_mm not in (1, 2, 3, 4):
        raise UsageError(
            f"The embedded patient has no grid of {spacing_mm} mm.", where="spacing_mm", remedy="give 1, 2, 3 or 4"
        )
    patient, seed_mm = _anatomy(int(spacing_mm))
    hidden = Hidden(TRUTH, seed_mm, DIAGNOSED_ML)
    scanner = Scanner(voxel_noise=VOXEL_NOISE * spacing_mm**-1.5)  # the scan of 1 mm voxels, averaged over blocks of them
    return examine(hidden, patient, np.random.default_rng(seed), scanner, engine, "standard", progress)


def _anatomy(factor: int) -> tuple[Patient, tuple[float, float, float]]:
    whole = load_mni152()
    box = bounding_box(whole.white + whole.grey >= 0.5, 4)
    template = load_mni152(box)
    medium = Medium.of_fractions(template.grid, {"white": template.white, "grey": template.grey}).coarsen(factor)
    t1 = block_mean(template.t1.astype(np.float32), factor)
    patient = Patient(
        name="Virtual glioblastoma",
        site="brain",
        medium=medium,
        visits=VISITS,
        treatments=stupp(),
        anatomy=field(t1, medium.grid, "1"),
        notes=(
            "Virtual patient: tumour and scans are simulated in the MNI152 template; nothing here is a person's.",
            "Normal tissue has the ADC of free water here, as the cell fraction is all that the virtual scanner sees.",
        ),
    )
    z, y, x = (float(v - b.start) - (factor - 1) / 2 for v, b in zip(SEED_VOXEL, box, strict=True))
    return patient, (z, y, x)
