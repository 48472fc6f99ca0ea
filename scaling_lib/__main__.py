"""`python -m scaling_lib` is the command `scaling`."""

from scaling_lib.cli import main

main()
