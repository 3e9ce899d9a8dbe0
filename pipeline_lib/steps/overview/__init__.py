"""How all pipelines are, at one time: what is recorded of them, and what of it needs a person."""
