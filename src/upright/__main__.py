"""python -m upright."""

from upright.cli import main

main()
