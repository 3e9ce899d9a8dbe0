"""Pure functions over observations: rolling statistics and price moves."""
