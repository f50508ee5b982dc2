"""The native engine's parts: memory layout, face coefficients, active region, diffusion and reaction kernels.

Conservative finite volumes with harmonic face means and no-flux walls, Strang splitting around the model's own reaction,
restricted to the rows that the tumour can reach. numpy and numba only.
"""
