"""The version of ganvas: read by the build, printed by `ganvas --version`, written into every run."""

__version__ = "0.1.0"
