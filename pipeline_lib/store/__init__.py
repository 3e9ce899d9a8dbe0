"""Files and S3: the archive (the truth) and everything derived from it."""
