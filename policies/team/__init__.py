"""The team file: what it says, what it must keep, who may speak, and which facts are withheld."""
