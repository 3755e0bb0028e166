"""Statements that show or change what queries stand on."""
