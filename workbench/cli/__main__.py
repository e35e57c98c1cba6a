"""``python -m workbench.cli``, where the program ``workbench`` is not on the path."""

from workbench.cli import main

if __name__ == "__main__":
    main()
