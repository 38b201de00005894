"""Reports: what programs came to."""
