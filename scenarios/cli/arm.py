"""One arm by name: of a study file, or of the standard ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twin.errors import UsageError


def named_arm(twin: Any, name: str | None, study: Path | None) -> Any:
    """The :class:`~scenarios.arms.Arm` of that name in ``study``, or of the standard arms; None where neither is given."""
    from scenarios.arms import default_arms, load_study, pick

    decision = twin.patient.seen[-1].day
    if study is None:
        return pick(default_arms(twin.patient, decision), [name])[0] if name else None
    arms = load_study(study).build(twin.patient, decision)
    if name is None and len(arms) > 1:
        raise UsageError("The study holds several arms.", remedy=f"name one with --arm: {', '.join(a.id for a in arms)}")
    return pick(arms, [name or arms[0].id])[0]
