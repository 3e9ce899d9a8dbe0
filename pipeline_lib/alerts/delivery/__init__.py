"""From an event to a message that Slack has taken: channel, outbox, sending."""
