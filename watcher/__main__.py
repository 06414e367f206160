"""`python -m watcher`: the same command line as the `watcher` script. Holds no logic of its own."""

from watcher.cli import main

if __name__ == "__main__":
    main()
