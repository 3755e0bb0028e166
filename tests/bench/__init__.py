"""Measurements of speed and of search quality. `make bench` runs the first."""
