"""The languages in which people are told what was found: one folder each, with a catalogue a part of the program."""
