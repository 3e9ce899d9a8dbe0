"""The raw log as a CSV file."""
