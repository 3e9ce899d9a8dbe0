"""What operators are told, and when: failures, late runs, invalid specs, warnings."""
