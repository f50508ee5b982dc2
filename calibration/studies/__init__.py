"""Studies that show how well calibration does; each is a command that writes its table into the docs."""
