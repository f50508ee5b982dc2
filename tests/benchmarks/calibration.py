"""What a calibration of the embedded patient costs: 200 evaluations and the quick posterior, three visits seen, 1 mm."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

COST = """
import json, resource, sys, tempfile, time
from dataclasses import replace
from pathlib import Path
from calibration.calibrate import Settings, drawn, fit
from calibration.pool import Crew
from calibration.region import reachable
from calibration.structure import Structure
from calibration.virtual.embedded import embedded_patient

def main():
    patient = embedded_patient(spacing_mm=1).patient
    near = patient.crop(reachable(patient, patient.visits[-1].day))
    seen, found = replace(near, visits=near.seen), {}
    for name, form, evaluations in (("short", "laplace", 40), ("quick", "laplace", 200), ("exact", "sampler", 200)):
        if name not in sys.argv[1:]:
            continue
        settings = Settings(evaluations=evaluations, processes=2, posterior=form)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as work, Crew(2) as crew:
            fitted = fit(seen, Structure(), settings, Path(work) / "journal", crew)
            _, facts = drawn(fitted, settings, crew)
        peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        found[name] = {"seconds": time.perf_counter() - started, "mb": max(peak), **facts}
    print(json.dumps(found))

if __name__ == "__main__":
    main()
"""


def cost(*forms: str) -> dict[str, dict[str, float]]:
    """Seconds and the largest memory of a process (MB) of each form, in a fresh interpreter each, on two processes."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as work:
        script = Path(work) / "cost.py"
        script.write_text(COST)
        for form in forms:
            done = subprocess.run([sys.executable, str(script), form], capture_output=True, text=True, check=True)
            found |= json.loads(done.stdout.splitlines()[-1])
    return found
