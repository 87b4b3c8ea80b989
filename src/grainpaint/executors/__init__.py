"""Who does the tasks of a run: executors from outside, clusters, and how they stop."""
