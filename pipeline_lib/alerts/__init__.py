"""Rules, episodes, messages and their delivery to Slack."""
