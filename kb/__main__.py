"""`python -m kb`."""

from kb.serve.client import main

if __name__ == "__main__":
    main()
