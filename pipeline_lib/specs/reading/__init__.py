"""From the files of a spec to the checked, complete spec."""
