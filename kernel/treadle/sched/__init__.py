"""A deterministic thread scheduler, and the exploration of real code with it."""
