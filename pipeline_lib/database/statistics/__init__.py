"""Statistics of series: what they are computed from, how far, their rows, and the newest one of each."""
