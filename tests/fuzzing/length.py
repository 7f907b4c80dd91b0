"""How much longer the state machines run than in the tests: `make fuzz` says so in FUZZ_TIMES."""

import os

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
