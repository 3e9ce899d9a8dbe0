"""Snapshots, written once, with their manifests, and the quarantine."""
