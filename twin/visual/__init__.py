"""Pictures of a patient and of results: scenes (PyVista, off screen), slices and charts (matplotlib).

Everything here draws labelled values and files; nothing here solves an equation. Heavy libraries are imported by the
functions that use them.
"""
