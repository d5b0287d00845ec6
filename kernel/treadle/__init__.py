"""Rust's channels for Python threads, and the deterministic checker that proves them."""
