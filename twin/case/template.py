"""The commented case file from which a person starts."""

from __future__ import annotations

from pathlib import Path

from twin.store import save_text

TEMPLATE = """\
# oncotwin case file. Research use only.
# Replace the file names by your own (paths are relative to this file; NIfTI, NRRD or MetaImage), delete what you do not
# have, then look at it with `oncotwin inspect .` - it says in words what it found, and every problem with its remedy.

patient: case-01              # an invented name; never a name, number or birth date
site: brain                   # brain, breast, liver, lung, prostate ...

# ---- Scans, in order. The first one is day 0, the baseline. Give `day` or `date` (YYYY-MM-DD).
visits:
  - day: 0
    name: baseline
    images:                   # by role: t1, t1gd, t2, flair, adc, pet, ct, cell_fraction, cell_count
      t1gd: day000/t1gd.nii.gz
      adc: {file: day000/adc.nii.gz, unit: 1e-6 mm2/s}      # the unit is needed: 1e-6 mm2/s, 1e-3 mm2/s, mm2/s ...
    segmentations:            # name the numbers, or use a preset: brats2021, brats2023, brats2024, gliodil
      - file: day000/segmentation.nii.gz
        labels: {enhancing: 4, necrosis: 1, oedema: 2}      # also: non_enhancing, cavity, tumour

  - day: 28
    name: follow-up
    # held_out: true          # keep this scan from the calibration: the report shows how the forecast did on it
    images:
      t1gd: day028/t1gd.nii.gz
      adc: {file: day028/adc.nii.gz, unit: 1e-6 mm2/s}
    segmentations:
      - file: day028/segmentation.nii.gz
        labels: {enhancing: 4, necrosis: 1, oedema: 2}
        # ignore: [3]         # numbers that are not tumour
        # may_be_empty: true  # if no tumour was visible

# ---- Where the tumour can grow, on the baseline scan. Everything else is wall.
tissue:
  mask: brain_mask.nii.gz     # one tissue
  name: brain
  # or a probability map per tissue; cells move fastest in the one named first:
  # maps: {white: white.nii.gz, grey: grey.nii.gz}
  # unit: 0-1                 # 0-1, percent or 0-255
  # or a label file:
  # labels: tissue_labels.nii.gz
  # names: {fibroglandular: 2, adipose: 1}
  # unlabelled: fibroglandular    # what voxels of the mask without a label are (often the tumour itself)
  # or, for images in MNI152 space:
  # preset: mni152           # registration: affine brings the template onto the baseline's T1 instead

# ---- How images become a cell fraction u: u = (adc_water - ADC) / (adc_water - adc_minimum).
cellularity:
  adc_water: 2.5e-3 mm2/s     # no cells
  adc_minimum: 0 mm2/s        # as many cells as fit
  theta_per_mm3: 1.77e5       # cells per mm3 at the carrying capacity; or carrying_capacity_per_voxel (for cell_count)

# ---- Cell fractions from which tissue is seen as core (T1-Gd) and as whole lesion (T2-FLAIR). null: not a level set.
visibility: {core: 0.80, whole: 0.16}

# ---- What was given, or is firmly scheduled; day or date.
treatments:
  - {radiotherapy: 60 Gy, fractions: 30, from_day: 35}                       # Monday to Friday; or every_days: 2
  - {drug: temozolomide, amount: 75 mg/m2, days: during radiotherapy}
  - {drug: temozolomide, amount: [150 mg/m2, 200 mg/m2], days: 1-5, every_days: 28, cycles: 6, from_day: 104}
  # - {drug: doxorubicin, amount: 60 mg/m2, on_days: [8, 29]}
  # - {drug: temozolomide, amount: 75 mg/m2, from_day: 35, to_day: 76}       # every day
  # - {resection: cavity.nii.gz, on_day: 12}
  # - {radiotherapy: 60 Gy, fractions: 30, from_date: 2026-02-02, dose_map: {file: dose.nii.gz, unit: Gy}}

# day0: 2026-01-05            # the date of the baseline scan, if you use days for scans and dates for treatments
first_weekday: monday         # of day 0, if no date is given: fractions fall on Monday to Friday
registration: none            # rigid: move every scan onto the baseline scan first
"""


def write_template(folder: Path) -> Path:
    """Write a commented ``case.yaml`` into ``folder`` (made if it is not there); returns its path."""
    return save_text(Path(folder) / "case.yaml", TEMPLATE)
