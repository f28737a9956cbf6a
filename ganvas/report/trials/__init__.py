"""The page of a search: all its trials in a table, as lines through their settings, as curves and as sheets."""
