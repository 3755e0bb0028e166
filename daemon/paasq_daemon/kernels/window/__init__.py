"""Functions of a row and its neighbours, over frames of a partition."""
