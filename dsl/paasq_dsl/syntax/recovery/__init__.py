"""What is wrong with a piece that does not parse, and how parsing goes on after it."""
