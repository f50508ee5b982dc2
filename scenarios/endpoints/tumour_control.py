"""Tumour control probability of the planned radiotherapy."""

from __future__ import annotations

import math

from scenarios.endpoint import Planned, Sight, endpoints
from scenarios.endpoints.surviving_cells import survivors
from solvers.problem import Problem, Snapshot


class TumourControl(Planned):
    """TCP = exp(-sum_i N_i SF_i): the chance that no cell survives, if deaths are independent. N_i = theta u_i voxel volume
    on the decision day. Practically zero for a visible lesion under the effective alpha of an imaging model."""

    variable, label, unit, lower_is_better = "tumour_control", "tumour control probability (TCP)", "1", False
    citation = "Munro TR, Gilbert CW. Br J Radiol 1961;34:246-251"

    def expect(self, now: Snapshot, ahead: Problem, sight: Sight) -> float:
        return math.exp(-survivors(now, ahead, sight))


endpoints.register("tumour-control")(TumourControl())
