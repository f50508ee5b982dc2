"""Gradients of the native engine: the transpose of the very steps that it makes (discrete adjoint).

:func:`~solvers.adjoint.gradient.gradient` runs a problem forward, hands its states to a cost and returns the cost's slope in
every number of the model and of the therapies, in every voxel of a number that is a field, and in the first state.
"""
