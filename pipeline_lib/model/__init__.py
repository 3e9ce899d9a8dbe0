"""Plain frozen data that several rooms share."""
