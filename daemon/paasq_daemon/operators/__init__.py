"""What a plan runs: one operator a file, each from one batch to the next."""
