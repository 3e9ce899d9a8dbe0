"""What is known of the market: shared answers, history, shapes of answers, refused answers."""
