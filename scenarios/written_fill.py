"""A synthetic dose for all radiotherapy of a study that has no dose distribution of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scenarios.written_dose import DoseAround
from scenarios.written_resection import Lesions
from twin.patient import Patient
from twin.treatment import Course, Plan, Radiotherapy

Fill = Callable[[Plan], Plan]


def unfilled(plan: Plan) -> Plan:
    """The plan as it is."""
    return plan


def filling(around: DoseAround | None, patient: Patient) -> Fill:
    """What gives the map of ``around`` to every course of radiotherapy without one; one array, shared by all arms."""
    if around is None:
        return unfilled
    seen = patient.seen[-1]
    relative, words = around.relative(1.0, Lesions(patient.grid, seen.core, seen.whole))

    def filled(course: Course) -> Course:
        if isinstance(course, Radiotherapy) and course.relative_dose is None:
            return replace(course, relative_dose=relative, dose_from=words)
        return course

    return lambda plan: Plan(tuple(filled(course) for course in plan.courses))
