"""Mechanisms: equation sets in plain arithmetic, one file each. They name no form, tissue, protein or site."""
