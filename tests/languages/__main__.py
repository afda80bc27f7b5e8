"""Writes the catalogues anew from what the source says: `python -m tests.languages`; lists what has no words yet."""

import sys

from tests.languages.catalogues import languages, write_catalogues

for language in languages():
    for sentence in write_catalogues(language):
        sys.stdout.write(f"{language}: {sentence}\n")
