// Shows a run as it happens. Everything else works without a script.
"use strict";
