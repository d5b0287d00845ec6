"""Joins an explored execution to a model."""
