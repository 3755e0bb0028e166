"""paasq for Python: `open` a folder or `connect` to a daemon."""
