"""What no surface may pass on, written out from the Unicode tables: controls, directions, and what hides."""

import re

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""The twelve characters with the property Bidi_Control."""

HIDDEN = "\u00ad\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\ufeff\ufff9\ufffa\ufffb"
"""Format characters without a sign of their own in the first plane, but for the two joiners."""

TAGS = "\U000e0001" + "".join(map(chr, range(0xE0020, 0xE0080)))
"""Letters that nobody sees."""

FILLERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE0E)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Letters and marks without a shape: fillers, blanks, and what selects among shapes that look alike."""

CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)])).replace("\n", "") + "\u2028\u2029"
"""Controls and ends of lines, but for the one that begins a new line."""

OBEYED = re.compile(f"[{re.escape(CONTROLS + DIRECTIONS + HIDDEN + TAGS + FILLERS)}]")
