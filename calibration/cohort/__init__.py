"""Priors learned from other patients: a cohort of lesions of which only sizes over time are known."""
