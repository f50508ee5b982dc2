"""Virtual patients: real or simple anatomy, a hidden truth, and what a scanner would have seen of it."""
