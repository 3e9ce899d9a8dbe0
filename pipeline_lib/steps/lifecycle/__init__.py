"""Pipelines that get another name, and pipelines that go."""
