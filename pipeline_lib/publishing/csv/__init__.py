"""CSV files for people, made from the database: raw log and processed table."""
