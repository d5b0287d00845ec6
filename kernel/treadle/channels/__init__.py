"""Channels with the semantics of Rust's std::sync::mpsc. Imports the standard library only."""
