"""Statements that show or change what queries are based on."""
