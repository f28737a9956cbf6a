"""Sample data that comes with the package; each folder holds its CREDIT.md."""
