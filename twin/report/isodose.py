"""The dose of an option as shells of equal dose, where a dose distribution is given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twin.report.results import Results

Field = Callable[[], np.ndarray]


def relative_doses(results: Results) -> dict[str, Field]:
    """For each option whose radiotherapy has a dose distribution: its dose over the prescribed one (z, y, x), read when it
    is drawn."""
    data = results.doses
    if data is None:
        return {}
    given = set(map(str, data["arm"].values[data["mapped"].values.astype(bool)]))

    def read(arm: str, prescribed: float) -> Field:
        return lambda: data["dose_gy"].sel(arm=arm).values / prescribed

    return {a["id"]: read(a["id"], float(a["total_gy"])) for a in results.arms if a["id"] in given and a.get("total_gy")}
