"""The commands that check, show and start specs."""
