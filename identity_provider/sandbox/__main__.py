"""`python -m identity_provider.sandbox`: what `make run` executes."""

from __future__ import annotations

import sys

from identity_provider.sandbox.run import main

if __name__ == "__main__":
    sys.exit(main())
