"""Therapy that the patient never had: its effect is not learnt, so it is drawn from the prior."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Protocol

import numpy as np

from calibration.markers import informed
from solvers.effect import TherapyEffect, effects
from solvers.problem import Problem
from twin.errors import DataRefused
from twin.parameter import Parameter, declared
from twin.patient import Patient
from twin.treatment import Plan

PLAIN = ("radiotherapy", "chemotherapy", "surgery")
"""Tried first, before any other effect that acts on a course of a patient whose own model has none for it."""


class Twin(Protocol):
    """Whose priors they are; a calibrated twin also has a ``structure``, which holds its markers."""

    @property
    def patient(self) -> Patient: ...


def unlearnt(learnt: tuple[TherapyEffect, ...], plan: Plan) -> tuple[str, ...]:
    """Names of the effects that ``plan`` needs beyond ``learnt``. Refused where no effect acts on a course at all."""
    every = [*PLAIN, *(name for name in effects.names() if name not in PLAIN)]
    missing = set()
    for course in plan.courses:
        alone = Plan((course,))
        if any(e.acts_on(alone) for e in learnt):
            continue
        found = next((name for name in every if name in effects.names() and effects[name]().acts_on(alone)), None)
        if found is None:
            raise DataRefused(
                f"No therapy effect acts on the {getattr(course, 'name', 'resection')} of this arm.",
                where="arms",
                why="it would be simulated as if it were not given",
                remedy=f"effects at hand: {', '.join(effects.names())}",
            )
        missing.add(found)
    return tuple(sorted(missing))


def prior_parameters(name: str, twin: Twin) -> tuple[Parameter, ...]:
    """What is known of the effect ``name`` before any scan: in the patient's organ, moved by the patient's markers."""
    markers = getattr(getattr(twin, "structure", None), "markers", {})
    return informed(declared(effects[name], twin.patient.site), markers)


def with_prior_effects(problem: Problem, names: tuple[str, ...], twin: Twin, seed: int, draw: int) -> Problem:
    """The problem with the effects ``names`` added, their parameters drawn from the priors, the same for every arm."""
    drawn = (_drawn(name, prior_parameters(name, twin), seed, draw) for name in names)
    return replace(problem, effects=(*problem.effects, *drawn)) if names else problem


def _drawn(name: str, known: tuple[Parameter, ...], seed: int, draw: int) -> TherapyEffect:
    rng = np.random.default_rng([seed, draw, zlib.crc32(name.encode())])
    return effects[name](**{p.name: p.draw(rng) if p.prior.spread > 0 else p.default for p in known})
