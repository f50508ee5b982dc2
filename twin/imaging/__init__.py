"""Image files: the header is checked before any reader, then SimpleITK reads, resamples and registers."""
