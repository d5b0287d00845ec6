"""State models in typed Python, and their checker."""
