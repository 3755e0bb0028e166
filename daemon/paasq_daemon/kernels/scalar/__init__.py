"""Functions of a row: each gives one value for each row of its arguments."""
