"""What any room may use and what knows no other room: time, secrets, redaction, retries, HTTP."""
