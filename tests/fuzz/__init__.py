"""`make fuzz`: mutated inputs through every public entry, in a process that may die of them."""
