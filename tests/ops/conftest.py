from tests.fixtures.slack import closed_port, simulator, webhook

__all__ = ["closed_port", "simulator", "webhook"]
