"""What keeps an archive in order: which database it belongs to, its manifests, what killed processes left."""
