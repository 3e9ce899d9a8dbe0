"""The processed table as a CSV file."""
