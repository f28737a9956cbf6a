"""`python -m ganvas`, for torchrun and for places where the script is not on the path."""

from ganvas.cli import main

if __name__ == "__main__":
    main()
