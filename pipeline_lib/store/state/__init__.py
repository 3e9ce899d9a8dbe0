"""What alerts and operators remember between runs."""
