"""Steps that really run: `spark-submit` of a local Spark, with folders in place of S3."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import account
import rights
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
    r"|executorEnv\..*|pyspark\..*|emr\..*|hadoop\.fs\.s3.*|ui\..*|eventLog\..*|history\..*)="
)
OWN_CONF = (
    "spark.ui.enabled=false",
    "spark.ui.showConsoleProgress=false",
    "spark.driver.host=127.0.0.1",
    "spark.driver.bindAddress=127.0.0.1",
)


class Spark:
    def __init__(self, world, found):
        self.world, self.found = world, found
        self.home = Path(tempfile.mkdtemp(prefix="double-spark-"))

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self, step):
        folder = self.home / step.id
        buckets = folder / "s3"
        for made in (buckets, folder / "tmp", folder / "conf"):
            made.mkdir(parents=True)
        before = fetch(step.args, buckets)
        command = self.command(folder, step.args[1:])
        return Run(self.world, step, folder, command, self.environment(folder), before)

    def command(self, folder, args):
        spark = self.found["spark_home"]
        java = Path(self.found["java_home"], "bin/java")
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

    def environment(self, folder):
        found = self.found
        tmp = str(folder / "tmp")
        return {
            "PATH": found.get("path") or "/usr/local/bin:/usr/bin:/bin",
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "JAVA_HOME": found["java_home"],
            "SPARK_HOME": found["spark_home"],
            "SPARK_CONF_DIR": str(folder / "conf"),
            "SPARK_LOCAL_DIRS": tmp,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "TMPDIR": tmp,
            "PYSPARK_PYTHON": found["python"],
            "PYSPARK_DRIVER_PYTHON": found["python"],
            "PYTHONPATH": found.get("pythonpath") or "",
            "PYTHONHASHSEED": "0",
        }


class Run:
    """A process, and a thread that waits for it."""

    def __init__(self, world, step, folder, command, environment, before):
        self.world, self.step, self.folder, self.before = world, step, folder, before
        self.killed = False
        with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as err:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder / "tmp",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        threading.Thread(target=self.wait, daemon=True).start()

    def wait(self):
        code = self.process.wait()
        with self.world.lock:
            if not self.killed:
                store(self.world, self.folder / "s3", self.before)
                self.step.outcome = self.outcome(code)
                self.step.ends_at = self.world.clock.now()
                self.world.catch_up()
        shutil.rmtree(self.folder, ignore_errors=True)

    def outcome(self, code):
        return self.printed() | {"state": "COMPLETED" if code == 0 else "FAILED"}

    def printed(self):
        """The output so far."""
        return {
            name: (self.folder / name).read_text("utf-8", "replace")
            for name in ("stdout", "stderr")
        }

    def kill(self):
        """The process and all its descendants."""
        self.killed = True
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


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


def fetch(args, buckets):
    """Downloads what the arguments name. Returns the files and their states."""
    for match in (found for arg in args for found in PLACE.finditer(arg)):
        bucket, key = split(match.group(0))
        folder = key.rstrip("/") + "/" if key.strip("/") else ""
        for name, body in account.objects(bucket, key.rstrip("/")).items():
            if name.endswith("/") or name != key and not name.startswith(folder):
                continue
            path = buckets / bucket / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        local(match.group(0), buckets).parent.mkdir(parents=True, exist_ok=True)
    return states(buckets)


def states(buckets):
    """Hadoop writes checksum files beside local files, which do not exist in S3."""
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_size)
        for path in buckets.rglob("*")
        if path.is_file() and not (path.name.startswith(".") and path.name.endswith(".crc"))
    }


def store(world, buckets, before):
    """Uploads what was written or changed, and deletes what was deleted."""
    after = states(buckets)
    for path, state in after.items():
        if before.get(path) != state:
            bucket, *key = path.relative_to(buckets).parts
            rights.put(world, bucket, "/".join(key), path.read_bytes())
    for path in before.keys() - after.keys():
        bucket, *key = path.relative_to(buckets).parts
        account.delete_object(bucket, "/".join(key))
