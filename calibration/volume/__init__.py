"""Calibration of a patient of whom only sizes are known: growth without space (:mod:`solvers.volume`)."""
