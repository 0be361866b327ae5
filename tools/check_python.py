"""Say clearly whether this Python can build the course's environment.

Runs before anything is installed, and under any Python, old ones too: plain syntax only.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def main():
    """Exit with a message that names what was found, what is needed and what to type."""
    found = sys.version_info[:2]
    name = "Python " + ".".join(str(part) for part in found)
    if not OLDEST <= found <= NEWEST:
        sys.exit(
            "\n  This course needs Python 3.11, 3.12 or 3.13, and found " + name + "\n"
            "  (" + sys.executable + ").\n"
            "  Name another one, for example:  make lab PYTHON=python3.12\n"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        sys.exit(
            "\n  " + name + " is right, but it lacks the module '" + str(error.name) + "'.\n"
            "  On Debian and Ubuntu:  sudo apt install python3-venv\n"
        )


main()
