"""Processes that run what is a client's text: they read the store beside the daemon, and can be ended."""
