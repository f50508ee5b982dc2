"""The text of ``case.yaml`` as the import fills it in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as Mapped
from typing import Any

from twin import RESEARCH_USE_ONLY
from twin.imaging.dicom.mapping import Mapping
from twin.imaging.privacy import Privacy

HEAD = f"""\
# Written by `oncotwin import`. {RESEARCH_USE_ONLY}
# Look at it with `oncotwin inspect`; add what a PACS does not know (drugs, operations) under treatments.
"""


class CaseText:
    """Collects the content of a case file; :meth:`render` is its text."""

    def __init__(self, answers: Mapping, rules: Privacy):
        self.rules = rules
        self.content: dict[str, Any] = {"patient": answers.patient or "patient", "site": answers.site, "visits": []}
        self.comments: list[str] = []

    def comment(self, words: str) -> None:
        self.comments.append(words)

    def visit(self, date: datetime.date, images: dict[str, Any], regions: dict[str, str], held_out: bool) -> None:
        entry: dict[str, Any] = {"date": self.rules.date(date)}
        if images:
            entry["images"] = images
        if regions:
            entry["segmentations"] = [{"file": file, "labels": {region: 1}} for region, file in regions.items()]
        if held_out:
            entry["held_out"] = True
        if images or regions:
            self.content["visits"].append(entry)

    def identity(self, digests: Mapped[str, tuple[str, ...]]) -> None:
        self.content["identity"] = {keyword: list(found) for keyword, found in digests.items()}

    def course(self, entry: dict[str, Any]) -> None:
        self.content.setdefault("treatments", []).append(entry)

    def render(self) -> str:
        import yaml

        body = yaml.safe_dump(self.content, sort_keys=False, allow_unicode=True, default_flow_style=False)
        return HEAD + "".join(f"# {c}\n" for c in self.comments) + body
