"""Search over settings: many runs of one set, the same budget each, one table of results."""
