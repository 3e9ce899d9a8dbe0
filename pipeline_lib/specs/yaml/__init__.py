"""YAML text, read and written with the place of each key."""
