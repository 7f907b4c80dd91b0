"""`make chaos`: the heavier rows of the table of faults, done to real processes; each prints what was seen."""
