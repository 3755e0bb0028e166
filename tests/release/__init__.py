"""Building and releasing paasq: `make wheel` and `make release VERSION=0.2.0`."""
