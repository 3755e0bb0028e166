"""Functions of a group of rows: each gives one value for each group."""
