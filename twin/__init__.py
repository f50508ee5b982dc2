"""What is: the patient, the grid, the tissue, the treatments given, pictures and reports.

The lowest of the four floors (twin < solvers < calibration < scenarios). Importing it is light: image readers,
VTK and templates are imported by the functions that use them.
"""

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not a medical device; not for clinical decisions."
