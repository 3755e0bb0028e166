"""The editor service of the paasq language."""
