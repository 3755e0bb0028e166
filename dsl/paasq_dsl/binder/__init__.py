"""Tree + catalog to bound plan + diagnostics."""
