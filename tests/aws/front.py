"""Receives every request: names it, applies faults, and passes it on."""

import io
import json
import socket
import traceback
from http import HTTPStatus
from urllib.parse import parse_qs

import account
import budgets
import checksums
import control
import emr
import gaps
import metrics
import models
import names
import pricing
import quotas
import rights
import schedules
import unused
import tagging
from faults import Dropped
from replies import Refusal, Reply, refusal, throttled


class Front:
    def __init__(self, world, moto):
        self.world, self.moto = world, moto

    def __call__(self, environ, start_response):
        body = read(environ)
        try:
            reply = self.reply(environ, body)
        except Dropped:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError("dropped as asked") from None
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers)
        # Otherwise the body of a refused request would be parsed as the next request.
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]

    def reply(self, environ, body):
        path = environ["PATH_INFO"]
        if path == "/checkip" or path.startswith("/_double/"):
            asked = parse_qs(environ.get("QUERY_STRING", "")).get("account", [account.OWN])[0]
            return control.answer(self.world, environ["REQUEST_METHOD"], path, body, asked)
        if path.startswith("/moto-api/"):
            return self.ask_moto(environ, body)
        return self.call(names.name(environ, body), environ, body)

    def call(self, name, environ, body):
        """Handles a call of AWS, with the faults before and after it."""
        with self.world.lock:
            entry, number = self.world.calls.begin(name)
            entry["path"] = environ["PATH_INFO"]
            entry["account"] = account.of_key(environ)
            faults = self.world.struck(name, number)
            reply = throttled(name.service) if self.world.rates.throttles(name) else None
        for fault in faults:
            if fault.when == "before":
                reply = fault.strike(name, environ) or reply
        if reply is None:
            reply = self.handle(name, environ, body)
            entry["handled"] = True
            for fault in faults:
                if fault.when == "after":
                    reply = fault.strike(name, environ) or reply
        entry["status"] = reply.status
        return reply

    def handle(self, name, environ, body):
        with self.world.lock:
            world = self.world.enter(account.of_key(environ))
            world.catch_up()
            try:
                if name.service == "emr":
                    reply = emr.answer(world, name, body)
                elif name.service == "pricing":
                    reply = pricing.answer(world, name, body)
                elif name.service == "servicequotas":
                    reply = quotas.answer(world, name, body)
                elif name.service == "tag":
                    reply = tagging.answer(world, name, body)
                elif name.service == "budgets":
                    reply = budgets.answer(world, name, json.loads(body))
                elif name.service == "cloudwatch":
                    reply = metrics.answer(world, name, body)
                elif name.service == "emr-serverless" and name.operation.endswith("/jobruns"):
                    reply = unused.job_runs(self.world, environ["PATH_INFO"])
                elif known := rights.answer(world, name, environ["PATH_INFO"], body):
                    reply = known
                else:
                    gaps.refuse_retired(world, name, body)
                    gaps.refuse_group_in_use(world, name, body)
                    gaps.refuse_without_vpc(world, name, body)
                    gaps.refuse_without_organization(name)
                    body = gaps.assumed(name, body)
                    checksums.refuse(name, environ, body)
                    schedules.refuse(name, environ["PATH_INFO"], body)
                    reply = self.ask_moto(environ, gaps.canonical(name, gaps.named(name, body)))
                models.check(name, body, reply)
            except Refusal as refused:
                reply = refusal(name.service, refused)
            except NotImplementedError as missing:
                refused = Refusal("UnknownOperationException", f"{name}: {missing}")
                reply = refusal(name.service, refused)
            except Exception as error:
                # Not a 500: clients repeat those, and the test would not see the reason.
                traceback.print_exc()
                refused = Refusal("UnknownOperationException", f"{name}: {error!r}")
                reply = refusal(name.service, refused)
            world.catch_up()
            account.enter(account.OWN)
            return reply

    def ask_moto(self, environ, body):
        if "conditional_writes" in self.world.false:
            for condition in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
                environ.pop(condition, None)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        head = {}

        def start_response(status, headers, _=None):
            head.update(status=int(status.split()[0]), headers=list(headers))

        parts = self.moto(environ, start_response)
        try:
            return Reply(body=b"".join(parts), **head)
        finally:
            getattr(parts, "close", lambda: None)()


def read(environ):
    """Reads the whole body: it is needed for the name, and must not be awaited under the lock."""
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return source.read()
    return source.read(int(environ.get("CONTENT_LENGTH") or 0))
