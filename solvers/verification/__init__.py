"""Evidence that the solvers solve their equations: one question a file, each answered by rows of a table."""
