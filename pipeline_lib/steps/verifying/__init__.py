"""What a verification compares: archive, manifests, the database's rows, and files."""
