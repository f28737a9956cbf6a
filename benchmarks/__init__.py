"""Scripts that measure and print tables; each says in its first lines what it compares and how to run it."""
