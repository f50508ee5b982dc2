"""Modified RANO: every response and every progression is confirmed."""

from __future__ import annotations

from scenarios.criteria import criteria
from scenarios.response.rano2 import PRODUCT, VOLUME, Rano2

CITATION = "Ellingson BM, et al. Neurotherapeutics 2017;14:307-320"

criteria.register("mrano-product")(Rano2("mRANO (product)", "mm2", PRODUCT, always_confirm=True, citation=CITATION))
criteria.register("mrano-volume")(Rano2("mRANO (volume)", "mL", VOLUME, always_confirm=True, citation=CITATION))
