"""Schemas as text: the declarations of a catalog, and the statements that lead from one catalog to another."""
