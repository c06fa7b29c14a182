"""Steps that really run: `spark-submit` of a local Spark and shell scripts, with folders in place
of S3."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import account
import rights
import submit
from places import PLACE, split
from submit import local, received

HERE = Path(__file__).parent
COMMAND_RUNNER = "command-runner.jar"
SCRIPT_RUNNER = ".elasticmapreduce/libs/script-runner/script-runner.jar"


def runs(step):
    """Whether a step is one that really runs."""
    if step.jar.endswith(SCRIPT_RUNNER):
        return True
    args = received(step.args)
    is_spark = args[:1] in (["spark-submit"], ["env"]) and "spark-submit" in args
    return step.jar == COMMAND_RUNNER and is_spark


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
        environment = self.environment(folder)
        args = received(step.args, ["="] if "arguments" in self.world.false else [])
        if step.jar == COMMAND_RUNNER:
            # `env NAME=VALUE… spark-submit` sets variables first.
            program = args.index("spark-submit")
            environment |= dict(word.split("=", 1) for word in args[1:program])
            before = fetch(args, buckets)
            command = submit.command(self.found, folder, args[program + 1 :])
        else:
            # What a script reads is not known before it runs.
            bucket, _ = split(args[0])
            before = fetch([f"s3://{bucket}/"], buckets)
            command = ["/bin/bash", str(local(args[0], buckets)), *args[1:]]
            environment["PATH"] = f"{self.programs(folder)}:{environment['PATH']}"
        return Run(self.world, step, folder, command, environment, before)

    def programs(self, folder):
        """A folder with the programs of EMR's primary that scripts of steps call."""
        programs = folder / "bin"
        programs.mkdir()
        for name in ("aws", "spark-submit"):
            program = programs / name
            program.write_text(
                f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(HERE)!r})\n"
                f"import submit\nsubmit.run({name!r}, {self.found!r}, {str(folder)!r})\n"
            )
            program.chmod(0o700)
        return programs

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
        return self.printed() | {"state": "COMPLETED" if code == 0 else "FAILED", "exit": code}

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
