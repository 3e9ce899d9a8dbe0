"""What a replay is made of: the order of arrival, the archive's snapshots, and what else is taken over."""
