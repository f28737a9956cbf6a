"""Inspecting: one look at every original, from which all rules and the search for duplicates are told.

`inspect_missing(studio)` measures what this version has not measured yet.
"""
