"""One request for all that need its answer."""
