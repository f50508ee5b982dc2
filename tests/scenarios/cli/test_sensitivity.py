"""``oncotwin sensitivity`` as a command."""

from __future__ import annotations

from types import SimpleNamespace

from twin.store import save_json

INDEX = {"parameter": "rho", "first": 0.7, "first_confidence": 0.1, "total": 0.8, "total_confidence": 0.1}
FOUND = {
    "parameters": [{"name": "rho"}],
    "endpoints": [{"label": "cell burden", "unit": "mL", "indices": [INDEX], "sentence": "It depends most on rho."}],
    "note": "Each varies by itself.",
    "citations": ["Sobol"],
}


def test_what_is_asked_reaches_the_analysis(oncotwin, monkeypatch, tmp_path):
    calls = []

    def stand_in(twin, out, **settings):
        calls.append(settings)
        save_json(out / "sensitivity.json", FOUND)
        return FOUND

    patient = SimpleNamespace(seen=[SimpleNamespace(day=42.0)])
    monkeypatch.setattr("calibration.calibration.load_calibration", lambda folder: SimpleNamespace(patient=patient))
    monkeypatch.setattr("scenarios.sensitivity.sensitivity", stand_in)
    (tmp_path / "results" / "posterior.zarr").mkdir(parents=True)
    save_json(tmp_path / "results" / "calibration.json", {})
    told = oncotwin("sensitivity", "results", "--samples", "16", "--endpoint", "burden", "--over", "prior")
    assert told.exit_code == 0 and "0.80 ± 0.10 (0.70)" in told.stdout and "It depends most on rho." in told.stdout
    assert calls[0]["names"] == ("burden",) and calls[0]["samples"] == 16 and calls[0]["over"] == "prior"
    assert oncotwin("sensitivity", "results", "--samples", "16", "--endpoint", "burden", "--over", "prior").exit_code == 0
    assert len(calls) == 1, "finished work is not repeated"
    assert oncotwin("sensitivity", "nowhere").exit_code == 3
