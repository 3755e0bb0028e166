"""Backends execute bound plans: the interface, and the one embedded in this process."""
