"""Events in words and in Slack's blocks."""
