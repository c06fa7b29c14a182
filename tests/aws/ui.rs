//! `ui` opens a tunnel to a running job's pages, with the installed ssh or with Session Manager.

use crate::subnets::programs;
use crate::world::{Done, STACK, World};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

/// An ssh, or an AWS CLI, that forwards a port to a ResourceManager with one application. It records
/// how it was called.
const FORWARDS: &str = r#"#!/usr/bin/env python3
import http.server, json, sys

open(sys.argv[0] + ".calls", "a").write(" ".join(sys.argv[1:]) + "\n")
ports = [word.split(":")[1::2] for word in sys.argv if word.startswith("127.0.0.1:")]
for word in sys.argv:
    if word.startswith("{"):
        asked = json.loads(word)
        ports.append([asked["localPortNumber"][0], asked["portNumber"][0]])
local = {remote: int(local) for local, remote in ports}


class Manager(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        assert self.path == "/ws/v1/cluster/apps?states=RUNNING", self.path
        apps = [
            {"id": "application_1_0001", "name": "the job", "state": "RUNNING"},
            {"id": "../../etc", "name": "not one"},
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"apps": {"app": apps}}).encode())

    def log_message(self, *_):
        pass


(port,) = local.values()
http.server.HTTPServer(("127.0.0.1", port), Manager).serve_forever()
"#;

/// Runs `ui` with these programs first on the path, until it shows its first line; Ctrl-C ends it.
fn shown(world: &World, folder: &Path, more: &[&str]) -> (String, Output) {
    let args = [&["ui", "t.yaml"], more].concat();
    let path = std::env::join_paths([folder, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    let mut running = crate::running::Running::start(world.command(&args).env("PATH", path));
    let mut first = String::new();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    let id = running.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    (first, Output::from(running))
}

/// Whether no process with this program is left after a moment.
fn ends_soon(program: &Path) -> bool {
    let is_left = || {
        let found = Command::new("pgrep")
            .arg("-f")
            .arg(program)
            .output()
            .unwrap();
        found.status.success()
    };
    (0..50).any(|_| {
        thread::sleep(Duration::from_millis(100));
        !is_left()
    })
}

fn until_a_step_runs(world: &World) {
    for _ in 0..100 {
        if world
            .run(&["status", "t.yaml"])
            .out
            .contains("step one  RUNNING")
        {
            return;
        }
        thread::sleep(Duration::from_millis(200));
    }
    panic!("{}", world.run(&["status", "t.yaml"]).all());
}

#[test]
fn the_pages_of_a_running_job_are_shown_through_a_tunnel() {
    let world = World::new();
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.stack(STACK);
    world
        .expect(2, &["ui", "t.yaml"])
        .says("no run of stack t has an event log");
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    until_a_step_runs(&world);

    let folder = programs(&world, &[("ssh", FORWARDS)]);
    let (first, ended) = shown(&world, &folder, &[]);
    assert!(first.starts_with("http://127.0.0.1:"), "{first} {ended:?}");
    assert!(
        first.contains("/proxy/application_1_0001/  the job\n"),
        "{first}"
    );
    assert_eq!(ended.status.code(), Some(0));
    let calls = std::fs::read_to_string(folder.join("ssh.calls")).unwrap();
    let forwards = |port: &str| {
        let mut lines = calls.lines();
        let begin = " -N -o ExitOnForwardFailure=yes -L 127.0.0.1:";
        lines.any(|line| line.contains(begin) && line.ends_with(port))
    };
    assert!(forwards(":8088") && forwards(":20888"), "{calls}");
    assert!(
        ends_soon(&folder.join("ssh")),
        "a tunnel outlives the command"
    );

    let refused = programs(&world, &[("ssh", "#!/bin/sh\nexit 255\n")]);
    let path = std::env::join_paths([refused.as_path(), "/bin".as_ref()]).unwrap();
    Done::running(world.command(&["ui", "t.yaml"]).env("PATH", path))
        .expect(1)
        .says("the tunnel ended: exit status: 255")
        .says("next: clusterup ssh t.yaml")
        .says("next: clusterup ui --aws t.yaml");

    let closed = "cluster: { network: { access: ssm }, ";
    let own = ", key_pair: k, security_groups: [ssh]";
    world.stack(&STACK.replace("cluster: { ", closed).replace(own, ""));
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    until_a_step_runs(&world);
    let plugin = ("session-manager-plugin", "#!/bin/sh\n");
    let folder = programs(&world, &[plugin, ("aws", FORWARDS)]);
    let (first, ended) = shown(&world, &folder, &["--port", "28888"]);
    assert!(
        first.starts_with("http://127.0.0.1:28888/proxy/application_1_0001/"),
        "{first} {ended:?}"
    );
    let calls = std::fs::read_to_string(folder.join("aws.calls")).unwrap();
    let forward = "--document-name AWS-StartPortForwardingSessionToRemoteHost --parameters ";
    assert_eq!(calls.matches(forward).count(), 2, "{calls}");
    assert!(
        ends_soon(&folder.join("aws")),
        "a session outlives the command"
    );
}
