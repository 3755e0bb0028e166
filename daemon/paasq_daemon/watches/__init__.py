"""Continuous queries: run again when a commit or the time may have changed their rows; the differences are events."""
