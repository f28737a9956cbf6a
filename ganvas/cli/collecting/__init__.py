"""`ganvas collect …`: pictures from the web."""
