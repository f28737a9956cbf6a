"""`ganvas collect`: a verb for every source, made of its options, and verbs about what became of each address."""
