//! How a primary reads and writes an object with Python's own library alone, against a server that
//! checks what S3 checks.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/cloud/account/power-off.sh"
);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const HOST: &str = "b.s3.eu-west-1.amazonaws.com";
const KEY: &str = "/work/a/heard/00ff";

/// What the server does besides answering.
#[derive(Debug, Clone, Default)]
struct Manners {
    /// It has no tokens for questions about the machine.
    old: bool,
    /// The partition's domain, where the machine knows it.
    domain: Option<&'static str>,
    /// It takes the machine's clock for wrong until a request has this time.
    time: Option<&'static str>,
    /// It answers nothing.
    silent: bool,
}

#[derive(Debug, Default)]
struct Held {
    objects: BTreeMap<String, Vec<u8>>,
    /// Signed requests, as method, host, path and date.
    seen: Vec<[String; 4]>,
}

struct Server {
    address: String,
    held: Arc<Mutex<Held>>,
}

struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

impl Server {
    fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::new(Mutex::new(Held::default()));
        let shared = held.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&stream) else {
                    continue;
                };
                if manners.silent {
                    continue;
                }
                let (status, body) = answer(&request, &manners, &mut shared.lock().unwrap());
                let date = manners.time.unwrap_or("Thu, 01 Jan 2026 00:00:00 GMT");
                let head = format!(
                    "HTTP/1.1 {status} x\r\nDate: {date}\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                let _ = (&stream).write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { address, held }
    }

    fn run(&self, args: &[&str]) -> Output {
        let script = fs::read_to_string(SCRIPT).unwrap();
        let (_, rest) = script.split_once("<<'PYTHON'\n").unwrap();
        let (code, _) = rest.split_once("\nPYTHON\n").unwrap();
        // Nothing of Python's environment or packages is used.
        let mut command = Command::new("/usr/bin/env");
        command
            .args(["python3", "-I", "-S", "-c", code])
            .args(args)
            .env("CLUSTERUP_METADATA", &self.address)
            .env("CLUSTERUP_S3", &self.address)
            .env("PYTHONPATH", "/nowhere")
            .env("http_proxy", "http://127.0.0.1:1");
        command.output().unwrap()
    }

    fn put(&self, text: &str) {
        let mut held = self.held.lock().unwrap();
        held.objects.insert(KEY.to_owned(), text.into());
    }

    fn seen(&self) -> Vec<[String; 4]> {
        self.held.lock().unwrap().seen.clone()
    }
}

fn answer(request: &Request, manners: &Manners, held: &mut Held) -> (u16, Vec<u8>) {
    let Request {
        method,
        path,
        headers,
        body,
    } = request;
    let of_machine = path.strip_prefix("/latest/meta-data/");
    if let Some(what) = of_machine {
        let token = headers.get("x-aws-ec2-metadata-token").map(String::as_str);
        if token != Some("tok") && !manners.old {
            return (401, Vec::new());
        }
        let keys = format!(
            r#"{{"AccessKeyId": "AKID", "SecretAccessKey": "{SECRET}", "Token": "session/+="}}"#
        );
        return match (what, manners.domain) {
            ("iam/security-credentials/", _) => (200, b"EMR_EC2_DefaultRole\n".to_vec()),
            ("iam/security-credentials/EMR_EC2_DefaultRole", _) => (200, keys.into()),
            ("placement/region", None) => (404, Vec::new()),
            ("placement/region", Some(_)) => (200, b"cn-north-1".to_vec()),
            ("placement/availability-zone", _) => (200, b"eu-west-1b".to_vec()),
            ("services/domain", Some(domain)) => (200, domain.into()),
            _ => (404, Vec::new()),
        };
    }
    if path == "/latest/api/token" {
        return if manners.old {
            (404, Vec::new())
        } else {
            (200, b"tok".to_vec())
        };
    }
    let get = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let date = get("x-amz-date");
    held.seen
        .push([method.clone(), get("host"), path.clone(), date.clone()]);
    let late = manners.time.is_some() && !date.starts_with("20310203T");
    if late || get("authorization") != signature(request) {
        return (403, Vec::new());
    }
    if method == "PUT" {
        held.objects.insert(path.clone(), body.clone());
        return (200, Vec::new());
    }
    held.objects
        .get(path)
        .map_or((404, Vec::new()), |it| (200, it.clone()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |by: u8| block.map(|byte| byte ^ by);
    let inner = Sha256::digest([&pad(0x36)[..], text.as_bytes()].concat());
    Sha256::digest([&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}

/// As AWS's documentation makes it (Signature Version 4, for S3: the path is encoded once).
fn signature(request: &Request) -> String {
    let get = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
    let (date, digest) = (get("x-amz-date"), hex(&Sha256::digest(&request.body)));
    let names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    let headers: String = names
        .split(';')
        .map(|it| format!("{it}:{}\n", get(it)))
        .collect();
    let Request { method, path, .. } = request;
    let canonical = format!("{method}\n{path}\n\n{headers}\n{names}\n{digest}");
    let region = get("host").split('.').nth(2).unwrap_or_default().to_owned();
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/s3/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let begin = format!("AWS4{SECRET}").into_bytes();
    let key = scope.split('/').fold(begin, |key, part| hmac(&key, part));
    let signature = hex(&hmac(&key, &text));
    format!(
        "AWS4-HMAC-SHA256 Credential=AKID/{scope}, SignedHeaders={names}, Signature={signature}"
    )
}

const URI: &str = "s3://b/work/a/heard/00ff";

#[test]
fn an_object_is_read_and_written_with_the_machines_own_keys() {
    for old in [false, true] {
        let server = Server::start(Manners {
            old,
            ..Manners::default()
        });
        let missing = server.run(&["GET", URI]);
        assert_eq!(missing.status.code(), Some(4), "{missing:?}");
        let written = server.run(&["PUT", URI, "7500"]);
        assert!(written.status.success(), "{written:?}");
        let text = server.run(&["GET", URI]);
        assert_eq!(
            (text.status.code(), &text.stdout[..]),
            (Some(0), &b"7500"[..])
        );
        assert!(server.seen().iter().all(|it| it[1] == HOST && it[2] == KEY));
    }
}

#[test]
fn the_partition_is_the_machines() {
    let domain = Some("amazonaws.com.cn");
    let server = Server::start(Manners {
        domain,
        ..Manners::default()
    });
    server.put("600");
    let text = server.run(&["GET", URI]);
    assert_eq!(text.stdout, b"600", "{text:?}");
    assert_eq!(server.seen()[0][1], "b.s3.cn-north-1.amazonaws.com.cn");
}

#[test]
fn a_wrong_clock_is_corrected_by_the_clock_of_s3() {
    let time = Some("Mon, 03 Feb 2031 04:05:06 GMT");
    let server = Server::start(Manners {
        time,
        ..Manners::default()
    });
    server.put("600");
    let text = server.run(&["GET", URI]);
    assert_eq!(text.stdout, b"600", "{text:?}");
    assert_eq!(server.seen()[1][3], "20310203T040506Z");
    // Once: what is refused for good is not asked for again and again.
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn an_unreadable_object_is_an_error_and_not_missing() {
    let silent = Server::start(Manners {
        silent: true,
        ..Manners::default()
    });
    let nobody = Server {
        address: "http://127.0.0.1:1".to_owned(),
        held: silent.held.clone(),
    };
    for server in [silent, nobody] {
        let done = server.run(&["GET", URI]);
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn the_script_runs_on_the_python_of_the_oldest_release() {
    let script = fs::read_to_string(SCRIPT).unwrap();
    let (_, rest) = script.split_once("<<'PYTHON'\n").unwrap();
    let (code, _) = rest.split_once("\nPYTHON\n").unwrap();
    // Python 3.4 has neither of these.
    for newer in [" f\"", "(f\"", ":=", ": str", "async ", "nonlocal"] {
        assert!(!code.contains(newer), "{newer}");
    }
    let own = [
        "datetime",
        "hashlib",
        "hmac",
        "http.client",
        "json",
        "os",
        "sys",
    ];
    for line in code.lines().filter(|line| line.starts_with("import ")) {
        assert!(own.contains(&&line["import ".len()..]), "{line}");
    }
}
