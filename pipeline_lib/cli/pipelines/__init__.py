"""The commands that run, fill, rebuild, prove and publish pipelines."""
