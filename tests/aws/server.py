"""A test double of AWS: moto for EC2, S3, IAM, STS and Scheduler; EMR, prices and budgets are ours.

    python server.py [--spark FILE.json]

Listens on a free port of 127.0.0.1, prints `{"port": N, "pid": N}` once it accepts connections,
and ends when its input ends, so that it never outlives the test that started it.
`doubles.py` starts many of them from one process.
"""

import argparse
import json
import logging
import os
import sys
import threading
import time
from functools import cache, lru_cache

from moto.core import responses, serialize
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from front import Front
from spark import Spark
from world import World

# Steps that are processes, and logs, make progress without requests.
TICK = 0.1


class Handler(MotoRequestHandler):
    """Sends small packets at once: otherwise header and body wait for each other."""

    disable_nagle_algorithm = True

    def send_response(self, code, message=None):
        """Leaves out the date of the base class: werkzeug adds one if the reply has none."""
        self.send_response_only(code, message)
        self.send_header("Server", self.version_string())

    def log(self, *_):
        """Logs nothing: the list of calls has the requests."""


def moto():
    """The services of moto, whose state is one account's."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    services = DomainDispatcherApplication(create_backend_app)
    services.debug = True
    # moto computes these for each request, with the same result. They are half of its work.
    services.get_backend_for_host = cache(services.get_backend_for_host)
    responses.method_names_from_class = cache(responses.method_names_from_class)
    serialize.parse_to_aware_datetime = lru_cache(1_000)(serialize.parse_to_aware_datetime)
    return services


def serve(services, spark, announce, wait):
    """Serves an account until `wait` returns. `announce` sends a dictionary to the test; `spark` is
    the path of a JSON file that says where Spark is, or None. Does not return."""
    world = World()
    if spark:
        with open(spark, encoding="utf-8") as file:
            world.spark = Spark(world, json.load(file))
    front = Front(world, services)
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Handler)
    # Without Spark, what is due happens before the next request is handled.
    for work in (server.serve_forever, *([lambda: tick(world)] if spark else [])):
        threading.Thread(target=work, daemon=True).start()
    announce({"port": server.server_port, "pid": os.getpid()})
    wait()
    with world.lock:
        for cluster in world.clusters.values():
            cluster.abandon()
        if world.spark:
            world.spark.close()
    # Threads may still wait for slow clients.
    os._exit(0)


def tick(world):
    while True:
        time.sleep(TICK)
        with world.lock:
            world.catch_up()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spark", help="a JSON file that says where Spark is")
    spark = parser.parse_args().spark
    serve(moto(), spark, lambda sent: print(json.dumps(sent), flush=True), sys.stdin.buffer.read)


if __name__ == "__main__":
    main()
