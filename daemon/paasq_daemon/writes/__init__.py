"""Writes: values checked against their fields, bound writes applied in one transaction, vectors made."""
