"""The languages in which people read what was found: one folder each, with a catalogue a part of the program."""
