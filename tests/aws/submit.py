"""`spark-submit` of a local Spark with folders in place of S3, and the programs of EMR's primary that
scripts of steps call: a process of its own each, which knows nothing of the double."""

import os
import re
import shutil
import sys
from pathlib import Path

from places import PLACE, split

# Java 17 needs these options to open its internals to Spark 3.5.
OPENED = (
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
)
JAVA_OPTIONS = [
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Djdk.reflect.useDirectMethodHandle=false",
    *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED),
]
FLAGS = ("--verbose", "-v", "--supervise")
# Options about EMR's machines that do not apply here.
DROPPED = (
    "--master",
    "--deploy-mode",
    "--num-executors",
    "--executor-cores",
    "--executor-memory",
    "--total-executor-cores",
    "--driver-memory",
    "--driver-cores",
    "--queue",
)
DROPPED_CONF = re.compile(
    r"spark\.(master|submit\.deployMode|yarn\..*|dynamicAllocation\..*|shuffle\.service\..*"
    r"|executor\.(instances|cores|memory|memoryOverhead|extra.*)|driver\.(memory|cores|extra.*)"
    r"|executorEnv\..*|pyspark\..*|emr\..*|hadoop\.fs\.s3.*|ui\..*|history\..*)="
)
OWN_CONF = (
    "spark.ui.enabled=false",
    "spark.ui.showConsoleProgress=false",
    "spark.driver.host=127.0.0.1",
    "spark.driver.bindAddress=127.0.0.1",
)


def command(found, folder, args):
    """The command of `spark-submit` with these arguments."""
    spark = found["spark_home"]
    java = Path(found["java_home"], "bin/java")
    own = ["--master", "local[2]", "--deploy-mode", "client"]
    for pair in OWN_CONF:
        own += ["--conf", pair]
    return [
        str(java),
        "-Xmx1g",
        *JAVA_OPTIONS,
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        "-cp",
        f"{folder / 'conf'}/:{spark}/jars/*",
        "org.apache.spark.deploy.SparkSubmit",
        *own,
        *localized(submitted(args), folder / "s3"),
    ]


def received(args, dropped=()):
    """What a program gets of a step's arguments: EMR's runners were seen to drop empty ones and to
    cut `}}`. They also drop those in `dropped`."""
    return [arg.replace("}}", "") for arg in args if arg and arg not in dropped]


def run(program, found, folder):
    """The process of a program that a script calls."""
    folder, args = Path(folder), sys.argv[1:]
    if program == "spark-submit":
        full = command(found, folder, args)
        os.execv(full[0], full)
    words = [word for word in localized(args, folder / "s3") if not word.startswith("--")]
    if words[:2] != ["s3", "cp"] or len(words) != 4:
        sys.exit(f"this double's aws has no {args}")
    Path(words[3]).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(words[2], words[3])


def submitted(args):
    """Arguments of `spark-submit` without those that only EMR understands."""
    kept, index = [], 0
    while index < len(args) and args[index].startswith("-"):
        if args[index] in FLAGS:
            kept.append(args[index])
            index += 1
            continue
        option, joined, value = args[index].partition("=")
        if not joined:
            value = args[index + 1] if index + 1 < len(args) else ""
        index += 1 if joined else 2
        of_emr = option in ("--conf", "-c") and DROPPED_CONF.match(value)
        if option not in DROPPED and not of_emr:
            kept += [option, value]
    return kept + args[index:]


def localized(args, buckets):
    return [PLACE.sub(lambda found: str(local(found.group(0), buckets)), arg) for arg in args]


def local(place, buckets):
    bucket, key = split(place)
    return buckets / bucket / key
