"""What the version before kept in files, read into the database."""
