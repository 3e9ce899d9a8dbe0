"""Cron expressions and presets: when a pipeline runs, and of which moments."""
