"""The step that tells people about abnormal moves."""
