"""Snapshots, written once, with their manifests."""
