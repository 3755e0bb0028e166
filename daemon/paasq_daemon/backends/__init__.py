"""The boundary behind which the embedded engine stands, and a distributed one may: a bound plan in, an answer out."""
