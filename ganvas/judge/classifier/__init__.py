"""A classifier of a set's labels: learned from nothing or on a network that knows pictures, calibrated, tested.

`learning.learn_set(studio, "sneakers")` trains one, `classifier.Classifier.load(folder)` reads it, its methods use it.
"""
