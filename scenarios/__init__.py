"""What if? Regimens, arms, sweeps on dask, endpoints, and the command line."""
