"""Parts of a backfill."""
