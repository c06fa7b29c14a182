"""Beliefs about AWS that a test makes false: what clusterup relies on, and what this double then does
instead. The names are those of `doctor --live`."""

NAMES = (
    # A runner also drops arguments that are a single `=`.
    "arguments",
    # The role of the instances misses the right to write.
    "work_folder",
    # S3 does not apply the bucket's policy to the instances.
    "bucket_policy",
    # S3 ignores the conditions of writes.
    "conditional_writes",
    # A cluster is ready before it was created.
    "cluster_times",
    # The Tagging API never returns a cluster.
    "cluster_tags",
    # EMR lists no cluster.
    "new_cluster",
    # EMR recognizes a call that it has carried out.
    "repeated_call",
    # A primary never reads a moved deadline.
    "moved_deadline",
    # The idle policy ends a cluster whose step does not use YARN.
    "busy_step",
    # The idle policy ends nothing.
    "idle_policy",
    # A schedule fires without effect.
    "schedule",
    # A schedule that has fired stays.
    "fired_schedule",
    # The power-off has no effect.
    "power_off",
    # EMR has another code for a lost primary.
    "end_reasons",
    # CloudWatch gets no metrics.
    "metrics",
    # EMR uploads no logs.
    "step_logs",
    # A volume of each ended cluster stays.
    "nothing_left",
)


def say(world, body):
    """{"name": ..., "false": true}: makes a belief false, or true again. Returns the false ones."""
    name = body["name"]
    if name not in NAMES:
        raise ValueError(f"no such belief: {name}")
    if body["false"]:
        world.false.add(name)
    else:
        world.false.discard(name)
    return sorted(world.false)
