"""What others read: objects on S3."""
