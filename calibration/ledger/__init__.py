"""The forecast ledger: every forecast as it was made, what a person changed, and its later error."""
