"""What alerts and operators need to remember: events, messages, checkpoints, open problems."""
