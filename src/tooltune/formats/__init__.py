"""Dataset formats: one module for each, with functions that read and write it."""
