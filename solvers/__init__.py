"""What next: growth models, therapy effects, engines and the one loop over time.

    du/dt = div(D grad u) + f(u) - k(t) u,     u -> jump(u) at doses and operations

A :class:`~solvers.problem.Problem` states what is to be computed, :func:`~solvers.simulate.simulate` computes it on an
engine. Importing this package needs numpy, scipy, numba and xarray only.
"""
