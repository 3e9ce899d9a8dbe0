"""The first step: take, check, confirm, archive, record."""
