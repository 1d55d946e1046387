"""One file a kind: each turns a cut of a result into a figure as plain data."""
