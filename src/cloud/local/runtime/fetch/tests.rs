//! Downloads from a small server on loopback.

use super::*;
use crate::model::event::NoListener;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::thread;

/// Answers each request with `status`, `length` as the content's length and `body`. Returns its URL
/// and the count of its replies.
fn server(status: &'static str, length: usize, body: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let mut out = &stream;
            let _ = out
                .write_all(head.as_bytes())
                .and_then(|()| out.write_all(&body));
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (format!("http://{address}/folder/ratings.dat?x=1"), answered)
}

/// A validating header, and the file.
type Newest = Arc<Mutex<(String, Vec<u8>)>>;
/// What was requested, in order: whether the file is the `same`, or the `whole` file.
type Asked = Arc<Mutex<Vec<String>>>;

/// Serves the newest file: 304 if the request has its validator, else the whole file.
fn changing() -> (String, Newest, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ratings.zip", listener.local_addr().unwrap());
    let newest = Newest::default();
    let asked = Asked::default();
    let now = Arc::clone(&newest);
    let answers = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let (validator, body) = now.lock().unwrap().clone();
            let value = validator
                .split_once(": ")
                .map(|(_, value)| value.to_owned());
            let asks = head.iter().filter_map(|line| line.split_once(": "));
            let mut asks = asks.filter(|(name, _)| name.to_lowercase().starts_with("if-"));
            let same = asks.any(|(_, has)| Some(has) == value.as_deref());
            answers
                .lock()
                .unwrap()
                .push(if same { "same" } else { "whole" }.to_owned());
            let (status, body) = if same {
                ("304 Not Modified", Vec::new())
            } else {
                ("200 OK", body)
            };
            let length = body.len();
            let mut out = &stream;
            let head = format!(
                "HTTP/1.1 {status}\r\n{validator}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = out
                .write_all(head.as_bytes())
                .and_then(|()| out.write_all(&body));
        }
    });
    (url, newest, asked)
}

/// Dates the copy back, as if the server had been queried an hour ago.
fn age(store: &Store) {
    for folder in fs::read_dir(store.cache.join("downloads"))
        .unwrap()
        .flatten()
    {
        let file = File::options()
            .write(true)
            .open(folder.path().join(".validators"));
        let hour_ago = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        file.unwrap().set_modified(hour_ago).unwrap();
    }
}

#[test]
fn a_copy_is_used_while_the_server_reports_no_change() {
    for validator in [
        "ETag: \"one\"",
        "ETag: W/\"one\"",
        "Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT",
    ] {
        let (_folder, store) = store();
        let (url, newest, asked) = changing();
        *newest.lock().unwrap() = (validator.to_owned(), zipped("a.dat", b"1"));
        let read = || fs::read(fetch(&store, &url, Some("a.dat"), None).unwrap()).unwrap();
        assert_eq!((read(), read()), (b"1".to_vec(), b"1".to_vec()));
        age(&store);
        assert_eq!(read(), b"1");
        age(&store);
        let other = validator.replace("one", "two").replace("21 Nov", "22 Nov");
        *newest.lock().unwrap() = (other, zipped("a.dat", b"22"));
        assert_eq!(read(), b"22", "{validator}");
        age(&store);
        assert_eq!(read(), b"22");
        let asked = asked.lock().unwrap().join(" ");
        assert_eq!(asked, "whole same whole same", "{validator}");
    }
}

#[test]
fn a_file_without_validators_is_downloaded_again() {
    let (_folder, store) = store();
    let (url, newest, _) = changing();
    for body in [b"1", b"2"] {
        *newest.lock().unwrap() = ("X-Nothing: said".to_owned(), body.to_vec());
        let file = fetch(&store, &url, None, None).unwrap();
        assert_eq!(fs::read(file).unwrap(), body);
        age(&store);
    }
}

#[test]
fn a_copy_with_the_digest_of_the_stack_needs_no_server() {
    let (_folder, store) = store();
    let (url, newest, asked) = changing();
    *newest.lock().unwrap() = ("ETag: \"one\"".to_owned(), b"1".to_vec());
    fetch(&store, &url, None, Some(&sum(b"1"))).unwrap();
    age(&store);
    fetch(&store, &url, None, Some(&sum(b"1"))).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[derive(Default)]
struct Warnings(std::cell::RefCell<Vec<String>>);

impl Listener for Warnings {
    fn on_event(&self, event: &Event) {
        if let Event::Warning { what, .. } = event {
            self.0.borrow_mut().push(what.clone());
        }
    }
}

#[test]
fn a_copy_is_used_with_a_warning_if_the_server_is_unreachable() {
    for status in ["503 Service Unavailable", "404 Not Found", ""] {
        let (_folder, store) = store();
        let url = "http://127.0.0.1:1/ratings.dat";
        let (url, body) = match status {
            "" => (url.to_owned(), b"1"),
            status => (server(status, 0, vec![]).0, b"1"),
        };
        let folder = store.cache.join("downloads").join(digest(&url));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ratings.dat"), body).unwrap();
        let warnings = Warnings::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let file = runtime.block_on(store.fetch(&url, None, None, &warnings));
        assert_eq!(fs::read(file.unwrap()).unwrap(), body);
        let warnings = warnings.0.into_inner();
        assert!(
            warnings.concat().contains("may have changed"),
            "{warnings:?}"
        );
    }
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned(), None);
    (folder, store)
}

fn fetch(
    store: &Store,
    url: &str,
    member: Option<&str>,
    sha256: Option<&str>,
) -> Result<PathBuf, CloudError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(store.fetch(url, member, sha256, &NoListener))
}

fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    zip.start_file(name, stored).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}

/// Counts complete files: a failed download must leave none.
fn whole_files(store: &Store) -> usize {
    let mut count = 0;
    let mut folders = vec![store.cache.join("downloads")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                count += usize::from(!path.to_string_lossy().contains("/.partial-"));
            }
        }
    }
    count
}

fn sum(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

#[test]
fn fetches_once_and_keeps_the_name() {
    let (_folder, store) = store();
    let (url, answered) = server("200 OK", 5, b"1::2\n".to_vec());
    let sha256 = sum(b"1::2\n").to_uppercase();
    for _ in 0..2 {
        let path = fetch(&store, &url, None, Some(&sha256)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1::2\n");
        assert_eq!(path.file_name().unwrap(), "ratings.dat");
    }
    assert_eq!(answered.load(Ordering::Relaxed), 1);
}

#[test]
fn an_interrupted_transfer_is_an_error_and_leaves_no_file() {
    let (_folder, store) = store();
    let (url, _) = server("200 OK", 500, b"1::2\n".to_vec());
    let error = fetch(&store, &url, None, None).unwrap_err();
    assert_eq!(error.class, Class::Unreachable, "{error}");
    assert!(!error.hints.is_empty());
    assert_eq!(whole_files(&store), 0);
}

#[test]
fn an_error_of_the_server_is_shown_with_its_status() {
    let (_folder, store) = store();
    let (url, _) = server("404 Not Found", 0, vec![]);
    let error = fetch(&store, &url, None, None).unwrap_err();
    assert!(error.message.contains("404"), "{error}");
    assert_eq!(whole_files(&store), 0);
}

#[test]
fn a_member_of_a_zip_archive_is_taken_out() {
    let (_folder, store) = store();
    let body = zipped("ml-1m/ratings.dat", b"1::2::3::4\n");
    let (url, answered) = server("200 OK", body.len(), body);
    let path = fetch(&store, &url, Some("ml-1m/ratings.dat"), None).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"1::2::3::4\n");
    let error = fetch(&store, &url, Some("ml-1m/movies.dat"), None).unwrap_err();
    assert!(error.hints[0].to_string().contains("ml-1m/ratings.dat"));
    let (plain, _) = server("200 OK", 4, b"none".to_vec());
    let error = fetch(&store, &plain, Some("a"), None).unwrap_err();
    assert!(
        error.message.contains("not a readable zip archive"),
        "{error}"
    );
    assert_eq!(
        answered.load(Ordering::Relaxed),
        1,
        "one archive serves both"
    );
}

#[test]
fn content_with_another_digest_is_refused_and_removed() {
    let (_folder, store) = store();
    let (url, answered) = server("200 OK", 5, b"1::2\n".to_vec());
    for _ in 0..2 {
        let error = fetch(&store, &url, None, Some(&sum(b"other"))).unwrap_err();
        assert!(error.message.contains(&sum(b"1::2\n")), "{error}");
        assert_eq!(whole_files(&store), 0);
    }
    assert_eq!(answered.load(Ordering::Relaxed), 2);
}

#[test]
fn an_unreachable_server_is_reported_with_a_hint() {
    let (_folder, store) = store();
    let error = fetch(&store, "http://127.0.0.1:1/x.dat", None, None).unwrap_err();
    assert_eq!(error.class, Class::Unreachable);
    assert!(
        error.hints[0]
            .to_string()
            .contains("--set data.NAME.path=FILE")
    );
}

#[test]
fn other_schemes_than_http_are_refused() {
    let (_folder, store) = store();
    for url in ["ftp://example.com/x", "file:///etc/passwd", "example.com/x"] {
        let error = fetch(&store, url, None, None).unwrap_err();
        assert_eq!(error.class, Class::Input, "{url}");
    }
}

#[test]
fn two_at_once_fetch_once() {
    let (_folder, store) = store();
    let (url, answered) = server("200 OK", 5, b"1::2\n".to_vec());
    thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| fetch(&store, &url, None, None)));
        for one in both {
            assert_eq!(fs::read(one.join().unwrap().unwrap()).unwrap(), b"1::2\n");
        }
    });
    assert_eq!(answered.load(Ordering::Relaxed), 1);
}

/// As when the user interrupts: the program must exit although the server sends nothing more.
#[test]
fn a_stalled_download_can_be_abandoned_at_once() {
    let (_folder, store) = store();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let began = std::time::Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let waited = runtime.block_on(async {
        let fetching = store.fetch(&url, None, None, &NoListener);
        tokio::time::timeout(Duration::from_millis(200), fetching).await
    });
    assert!(waited.is_err());
    drop(runtime);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(whole_files(&store), 0);
}

#[test]
fn names_of_files_are_safe() {
    for (from, to) in [
        ("http://x/a/b.zip?c=d", "b.zip"),
        ("http://x/", "x"),
        ("../../.ssh", "ssh"),
        ("ml 1m/ra tings.dat", "ratings.dat"),
        ("///", "data"),
    ] {
        assert_eq!(base_name(from), to);
    }
}
