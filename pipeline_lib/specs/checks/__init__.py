"""What must hold of a spec, and between specs."""
