"""Lark's reductions to the nodes of the tree."""
