"""All numbers of a comparison as one Parquet table: a row for each arm, draw, day and endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scenarios.arms import Arm

COLUMNS = {
    "arm": "the option, by its id",
    "draw": "number of the posterior draw; arms of one draw differ by treatment alone",
    "day": "days since the first scan; null for what is one number of a whole course",
    "endpoint": "the variable, by its name in scenarios.zarr",
    "organ": "the organ or region, where the endpoint has one for each; else null",
    "value": "the number; null where the run failed or the endpoint is not defined",
    "unit": "the unit of the value",
}
"""Besides these, one column ``vary_NAME`` for each value that the study sampled; null for arms that have none."""


class TidyTable:
    """A Parquet file that grows block by block. Use it as a context manager."""

    def __init__(self, path: Path, arms: Sequence[Arm], about: Mapping[str, Any]):
        import pyarrow as pa
        from pyarrow import parquet

        self._varied = sorted({name for arm in arms for name in arm.varied})
        self._arms = {arm.id: arm for arm in arms}
        text, number = pa.dictionary(pa.int32(), pa.string()), pa.float64()
        kinds = {"draw": pa.int32(), "day": number, "value": number}
        fields = [pa.field(name, kinds.get(name, text), metadata={"description": words}) for name, words in COLUMNS.items()]
        fields += [pa.field(f"vary_{name}", number) for name in self._varied]
        self._schema = pa.schema(fields, metadata={k: json.dumps(v) for k, v in about.items()})
        self._file = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> TidyTable:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, data: xr.Dataset) -> None:
        """The rows of a block: every variable of ``data`` with dims (arm, draw[, t or scan][, organ])."""
        for name, values in data.data_vars.items():
            self._file.write_table(self._rows(str(name), values))

    def _rows(self, name: str, values: xr.DataArray):
        import pyarrow as pa

        along = np.meshgrid(*[values[d].values for d in values.dims], indexing="ij")
        flat: dict[str, np.ndarray] = {str(d): axis.ravel() for d, axis in zip(values.dims, along, strict=True)}
        count = values.size
        day = flat.get("t", flat.get("scan"))
        columns: dict[str, Any] = {
            "arm": flat["arm"],
            "draw": flat["draw"],
            "day": np.full(count, np.nan) if day is None else day,
            "endpoint": np.full(count, name, object),
            "organ": flat.get("organ", np.full(count, None, object)),
            "value": values.values.ravel(),
            "unit": np.full(count, values.attrs.get("units", ""), object),
        }
        for varied in self._varied:
            by_arm = {arm: self._arms[arm].varied.get(varied, np.nan) for arm in values["arm"].values}
            columns[f"vary_{varied}"] = np.array([by_arm[arm] for arm in flat["arm"]], float)
        arrays = [pa.array(columns[f.name], _plain(f.type), from_pandas=True).cast(f.type) for f in self._schema]
        return pa.Table.from_arrays(arrays, schema=self._schema)


def _plain(kind: Any) -> Any:
    """The type of the values themselves: a dictionary's words."""
    return getattr(kind, "value_type", kind)
