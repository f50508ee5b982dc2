"""Modified RANO: every response and every progression is confirmed."""

from __future__ import annotations

from scenarios.criteria import criteria
from scenarios.response.rano2 import PRODUCT, VOLUME, Rano2

CITATION = "Ellingson BM, et al. Neurotherapeutics 2017;14:307-320"


class MRano(Rano2):
    """Baseline: the first scan after radiotherapy. CR: gone, off steroids. PR: product 50 % (volume 65 %) or more below the
    baseline. PD: product 25 % (volume 40 %) or more above the nadir and measurable, or a new measurable lesion, at any time
    preliminary until a scan four weeks or more later shows it again; it then counts from the first. Non-enhancing disease is
    not assessed. Ellingson et al. 2017."""


criteria.register("mrano-product")(MRano("mRANO (product)", "mm2", PRODUCT, always_confirm=True, citation=CITATION))
criteria.register("mrano-volume")(MRano("mRANO (volume)", "mL", VOLUME, always_confirm=True, citation=CITATION))
