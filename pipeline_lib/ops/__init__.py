"""Notices to operators: failures, late runs, invalid specs, warnings."""
