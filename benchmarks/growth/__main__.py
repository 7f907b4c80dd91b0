"""The command `python -m benchmarks.growth`."""

import typer

from benchmarks.growth.run import growth

if __name__ == "__main__":
    typer.run(growth)
