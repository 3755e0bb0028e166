"""Diagnostics of fragments that do not parse, and recovery after them."""
