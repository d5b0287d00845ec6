"""Exploration policies: which enabled thread goes next, and when everything has been seen. One policy a file."""
