"""The mapping file: the few answers that no DICOM tag can give, asked once and kept beside the case."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from twin.case.units import ADC, tidy
from twin.errors import DataRefused

Target = Literal["enhancing", "necrosis", "oedema", "non_enhancing", "cavity", "tumour", "tissue", "ignore"]
Role = Literal["t1", "t1gd", "t2", "flair", "adc", "ct", "pet", "ignore"]
LARGEST = 1 << 20

HEAD = """\
# Answers that the DICOM study does not hold. Fill in, then run the import again with --mapping THIS_FILE --overwrite.
#   regions: enhancing, necrosis, oedema, non_enhancing, cavity, tumour (one outline of everything), tissue, ignore
#   series:  t1, t1gd, t2, flair, adc, ct, pet, ignore; a series is named as the report names it ("day 0, series 3")
#   adc_unit: {units}
"""


class RadiotherapyAnswer(BaseModel):
    """What an RTPLAN leaves open: the date of the first fraction (and total dose and fractions, where it states none)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_date: datetime.date | None = None
    total_gy: float | None = Field(default=None, gt=0, lt=1000)
    fractions: int | None = Field(default=None, ge=1, le=120)


class Mapping(BaseModel):
    """The answers. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patient: str | None = Field(default=None, description="An invented name.")
    site: str = "brain"
    regions: dict[str, Target] = Field(default_factory=dict)
    series: dict[str, Role] = Field(default_factory=dict)
    adc_unit: str | None = None
    radiotherapy: RadiotherapyAnswer = Field(default_factory=RadiotherapyAnswer)
    held_out: tuple[datetime.date, ...] = ()
    preset: str | None = Field(default=None, description="Label preset of a BIDS tree's segmentations.")
    days: dict[str, float] = Field(default_factory=dict, description="Session of a BIDS tree -> days since the first.")

    @field_validator("adc_unit")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and tidy(value) not in ADC:
            raise ValueError(f"the unit '{value}' is not known; known: {', '.join(ADC)}")
        return value


def load_mapping(source: Mapping | dict[str, Any] | Path | str | None) -> Mapping:
    """The answers in a mapping file (or given as a dict); refused in words when they do not fit."""
    if isinstance(source, Mapping):
        return source
    where = source.name if isinstance(source, Path) else "mapping"
    content = source if isinstance(source, dict) else _content(Path(source)) if source is not None else {}
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        lines = ["; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:5])]
        raise DataRefused(
            f"The mapping file is not as expected: {lines[0]}.",
            where=where,
            remedy="correct the lines named; an import without --mapping writes a file to start from",
        ) from None


def _content(path: Path) -> Any:
    import yaml

    try:
        if path.stat().st_size > LARGEST:
            raise DataRefused("The mapping file is larger than a mapping file can be.", where=path.name)
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError:
        raise DataRefused("The mapping file cannot be opened.", where=path.name, remedy="check its path") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise DataRefused(
            "The mapping file is not readable YAML.", where=path.name, remedy="check its indentation and quotes"
        ) from None


def template(
    answers: Mapping, open_regions: Iterable[str], open_series: Iterable[str], ask_adc: bool, ask_start: bool
) -> str:
    """The mapping file as it should be completed: the answers given so far, and the open questions as comments."""
    import yaml

    lines = [HEAD.format(units=", ".join(ADC))]
    given = answers.model_dump(mode="json", exclude_defaults=True)
    lines.append(yaml.safe_dump(given, sort_keys=False, allow_unicode=True) if given else "{}\n")
    asked = {"regions": list(open_regions), "series": list(open_series)}
    for key, names in asked.items():
        if names:
            lines.append(f"# {key}, not known yet:\n#   {key}:\n")
            lines += [f"#     {_quoted(name)}: ignore\n" for name in names]
    if ask_adc:
        lines.append("# adc_unit, not stated in the study:\n#   adc_unit: 1e-6 mm2/s\n")
    if ask_start:
        lines.append("# first day of radiotherapy, not in the plan:\n#   radiotherapy: {from_date: YYYY-MM-DD}\n")
    return "".join(lines)


def _quoted(name: str) -> str:
    import json

    return json.dumps(name, ensure_ascii=False)
