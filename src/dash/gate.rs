//! Who may ask at all: requests to this machine's own names, and acts from this page alone.
//!
//! Any site that somebody visits can send a browser here. A page whose name was made to point to
//! this machine (DNS rebinding) is told by `Host`, one that posts a form here by `Origin`.

use super::page::{Answer, says};
use super::request_origin::RequestOrigin;
use super::token_attempts::Checked;
use super::{LONGEST_BODY, Shared};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take, its request's body included.
const SLOWEST: Duration = Duration::from_secs(40);
/// How long the body of a request may take.
const SLOWEST_BODY: Duration = Duration::from_secs(10);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// Lets a request through that is meant for this page, for a while; every answer tells the browser
/// what it may do with it.
pub(super) async fn pass(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let wants = request_wants(request.headers());
    let mut response = if meant(request.headers(), shared.bound) {
        match tokio::time::timeout(SLOWEST, answer(&shared, request, next)).await {
            Ok(response) => response,
            Err(_) => says(
                wants,
                StatusCode::REQUEST_TIMEOUT,
                "The request took too long.",
            ),
        }
    } else {
        let other = "This page answers to localhost and to the address that it listens on only.";
        (StatusCode::MISDIRECTED_REQUEST, other).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Reads a request whole, then answers it to somebody who may read the page.
async fn answer(shared: &Shared, request: Request, next: Next) -> Response {
    let wants = request_wants(request.headers());
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(SLOWEST_BODY, to_bytes(body, LONGEST_BODY)).await;
    let bytes = match body {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let why = "The form cannot be read.";
            return says(wants, StatusCode::PAYLOAD_TOO_LARGE, why);
        }
        Err(_) => {
            return says(
                wants,
                StatusCode::REQUEST_TIMEOUT,
                "The form took too long.",
            );
        }
    };
    // Only now: whoever sends half a request is as silent as who sends none.
    let guest = parts.extensions.get::<RequestOrigin>();
    let _answering = guest.map(|guest| guest.connection_permit.asked());
    // Whether the watchdog does its work is for probes, which have no token.
    if shared.is_open_to_others() && parts.uri.path() != "/healthz" {
        let shown = password(&parts.headers);
        let from = from(&parts.extensions);
        if let Err((status, why)) = admit(shared, shown.as_deref(), from) {
            let mut refused = says(wants, status, &why);
            let basic = HeaderValue::from_static("Basic realm=\"clusterup watchdog\"");
            if status == StatusCode::UNAUTHORIZED {
                refused
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, basic);
            }
            return refused;
        }
    }
    next.run(Request::from_parts(parts, Body::from(bytes)))
        .await
}

/// Where a request comes from; one without a socket from here.
pub(super) fn from(extensions: &Extensions) -> IpAddr {
    let guest = extensions.get::<RequestOrigin>();
    guest.map_or(IpAddr::from([127, 0, 0, 1]), |guest| guest.from)
}

/// Lets somebody pass who shows the token. None shown is no guess.
///
/// # Errors
/// With the status, and why not.
pub(super) fn admit(
    shared: &Shared,
    shown: Option<&str>,
    from: IpAddr,
) -> Result<(), (StatusCode, String)> {
    let Some(token) = &shared.dash.token else {
        let why = "This page only shows: the watchdog was started without a token.";
        return Err((StatusCode::FORBIDDEN, why.to_owned()));
    };
    let Some(shown) = shown else {
        let why = "This page asks for the watchdog's token, as a password or as a bearer's.";
        return Err((StatusCode::UNAUTHORIZED, why.to_owned()));
    };
    match shared.token_attempts.check(token, shown, from) {
        Checked::Right => Ok(()),
        Checked::Wrong => {
            let why = "That is not the watchdog's token. Nothing was done.";
            Err((StatusCode::UNAUTHORIZED, why.to_owned()))
        }
        Checked::TooSoon(wait) => {
            let seconds = wait.as_secs() + 1;
            let why = format!(
                "Too many wrong tokens came from this address. Nothing was done; the next is \
                 looked at in {seconds} s."
            );
            Err((StatusCode::TOO_MANY_REQUESTS, why))
        }
    }
}

/// The token as browsers and tools send it by themselves: a password, or a bearer's.
fn password(headers: &HeaderMap) -> Option<String> {
    let value = text(headers, "authorization")?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    let pair = STANDARD.decode(rest).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (_, password) = pair.split_once(':')?;
    (scheme.eq_ignore_ascii_case("basic")).then(|| password.to_owned())
}

/// What answer somebody wants, whose headers these are.
pub(super) fn request_wants(headers: &HeaderMap) -> Answer {
    match text(headers, "accept") {
        Some(accept) if accept.contains("application/json") => Answer::Json,
        _ => Answer::Page,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a request names this machine, and once.
fn meant(headers: &HeaderMap, bound: Option<IpAddr>) -> bool {
    // Another site's page may lead here, but has nothing here drawn or fetched for it.
    let elsewhere = text(headers, "sec-fetch-site") == Some("cross-site");
    let led = text(headers, "sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    headers.get_all(header::HOST).iter().count() == 1
        && text(headers, "host").is_some_and(|host| is_here(host, bound))
        && (!elsewhere || led)
}

/// Whether a `Host` is a loopback name or the address that is listened on, whatever the port: it
/// may be that of a tunnel. Where all addresses are listened on each is good, since only names can
/// be made to point elsewhere.
fn is_here(host: &str, bound: Option<IpAddr>) -> bool {
    let port = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, digits)) if port(digits) => name,
        _ => host,
    };
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(name);
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    address.parse::<IpAddr>().is_ok_and(|address| {
        address.is_loopback()
            || bound.is_some_and(|bound| bound == address || bound.is_unspecified())
    })
}

/// The token of an act's headers, or of its form; none of the latter from a browser that does not
/// say where its form was.
///
/// # Errors
/// With why, where another site's page asks.
pub(super) fn token<'a>(headers: &'a HeaderMap, form: &'a str) -> Result<&'a str, &'static str> {
    const FORGED: &str = "Refused: this was not asked by this page but by another site.";
    let fetch = text(headers, "sec-fetch-site");
    if fetch.is_some_and(|site| site != "same-origin") {
        return Err(FORGED);
    }
    let bearer = text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    match text(headers, "origin") {
        Some(origin) => {
            let ours = text(headers, "host").is_some_and(|host| origin == format!("http://{host}"));
            // Forms of a page that sends no referrer have the origin `null`.
            if !(ours || origin == "null" && fetch.is_some()) {
                return Err(FORGED);
            }
            Ok(bearer.unwrap_or(form))
        }
        // No site can make a browser send this header here: it would have to ask before.
        None => bearer.ok_or("Refused: the request does not say which page it comes from."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_names_are_meant() {
        let bound: IpAddr = "10.0.0.5".parse().unwrap();
        let all: IpAddr = "0.0.0.0".parse().unwrap();
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:9184",
            "127.8.8.8",
            "[::1]:1",
            "[::1]",
        ] {
            assert!(is_here(host, None), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.5",
            "localhost:80:80",
        ] {
            assert!(!is_here(host, None), "{host}");
        }
        assert!(is_here("10.0.0.5:80", Some(bound)));
        assert!(!is_here("10.0.0.6:80", Some(bound)));
        assert!(is_here("10.0.0.6:80", Some(all)));
        assert!(!is_here("evil.example:80", Some(all)));
    }

    #[test]
    fn acts_come_from_this_page() {
        let tried = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("localhost:9184"));
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            token(&headers, "form").map(str::to_owned)
        };
        let ours = ("origin", "http://localhost:9184");
        let same = ("sec-fetch-site", "same-origin");
        let bearer = ("authorization", "Bearer word");
        assert_eq!(tried(&[ours]).unwrap(), "form");
        assert_eq!(tried(&[ours, bearer]).unwrap(), "word");
        assert_eq!(tried(&[("origin", "null"), same]).unwrap(), "form");
        assert_eq!(tried(&[bearer]).unwrap(), "word");
        for forged in [
            &[][..],
            &[same],
            &[("origin", "null")],
            &[("origin", "http://localhost:9185"), bearer],
            &[("origin", "https://localhost:9184"), same],
            &[ours, ("sec-fetch-site", "cross-site")],
            &[ours, ("sec-fetch-site", "same-site")],
            &[bearer, ("sec-fetch-site", "none")],
        ] {
            assert!(tried(forged).is_err(), "{forged:?}");
        }
    }
}
