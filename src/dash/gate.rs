//! Admits requests: only those to this machine's own names, and actions only from this page.
//!
//! Any web site can make a visitor's browser send requests here. DNS rebinding, a foreign name that
//! points to this machine, is detected by `Host`; a form that another site posts here by `Origin`.

use super::page::{Format, reply};
use super::request_origin::RequestOrigin;
use super::token_attempts::TokenCheck;
use super::{MAX_BODY, Shared};
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

/// How long a response may take, including the request's body.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(40);
/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// Passes a request on if it is meant for this page, with a timeout. Every response gets headers
/// that restrict what the browser may do with it.
pub(super) async fn pass(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let format = accepted_format(request.headers());
    let mut response = if is_for_this_page(request.headers(), shared.bound) {
        match tokio::time::timeout(RESPONSE_TIMEOUT, answer(&shared, request, next)).await {
            Ok(response) => response,
            Err(_) => reply(
                format,
                StatusCode::REQUEST_TIMEOUT,
                "The request took too long.",
            ),
        }
    } else {
        let other = "This page accepts requests only to localhost and to the address that it \
                     listens on.";
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

/// Reads the whole request, then answers it if the sender may read the page.
async fn answer(shared: &Shared, request: Request, next: Next) -> Response {
    let format = accepted_format(request.headers());
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY)).await;
    let bytes = match body {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let why = "The form cannot be read.";
            return reply(format, StatusCode::PAYLOAD_TOO_LARGE, why);
        }
        Err(_) => {
            return reply(
                format,
                StatusCode::REQUEST_TIMEOUT,
                "The form took too long.",
            );
        }
    };
    // Busy only from now on: a connection with half a request counts as idle.
    let origin = parts.extensions.get::<RequestOrigin>();
    let _busy = origin.map(|origin| origin.connection_permit.mark_busy());
    // Probes of `/healthz` have no token.
    if shared.is_open_to_others() && parts.uri.path() != "/healthz" {
        let sent = password(&parts.headers);
        let from = from(&parts.extensions);
        if let Err((status, why)) = admit(shared, sent.as_deref(), from) {
            let mut refused = reply(format, status, &why);
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

/// Returns the address that a request comes from; without a socket, loopback.
pub(super) fn from(extensions: &Extensions) -> IpAddr {
    let origin = extensions.get::<RequestOrigin>();
    origin.map_or(IpAddr::from([127, 0, 0, 1]), |origin| origin.from)
}

/// Checks the token. A request without one does not count as a wrong guess.
///
/// # Errors
/// Returns the HTTP status and a message if the request is refused.
pub(super) fn admit(
    shared: &Shared,
    sent: Option<&str>,
    from: IpAddr,
) -> Result<(), (StatusCode, String)> {
    let Some(token) = &shared.dash.token else {
        let why = "This page is read-only: the watchdog was started without a token.";
        return Err((StatusCode::FORBIDDEN, why.to_owned()));
    };
    let Some(sent) = sent else {
        let why = "This page requires the watchdog's token, as a password or a bearer token.";
        return Err((StatusCode::UNAUTHORIZED, why.to_owned()));
    };
    match shared.token_attempts.check(token, sent, from) {
        TokenCheck::Right => Ok(()),
        TokenCheck::Wrong => {
            let why = "That is not the watchdog's token. Nothing was done.";
            Err((StatusCode::UNAUTHORIZED, why.to_owned()))
        }
        TokenCheck::TooSoon(wait) => {
            let seconds = wait.as_secs() + 1;
            let why = format!(
                "Too many wrong tokens came from this address. Nothing was done; try again in \
                 {seconds} s."
            );
            Err((StatusCode::TOO_MANY_REQUESTS, why))
        }
    }
}

/// Returns the token that browsers and tools send by themselves: a password, or a bearer token.
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

/// Returns the format of the response that the request accepts.
pub(super) fn accepted_format(headers: &HeaderMap) -> Format {
    match text(headers, "accept") {
        Some(accept) if accept.contains("application/json") => Format::Json,
        _ => Format::Html,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a request names this machine, exactly once, and was not embedded by another site.
fn is_for_this_page(headers: &HeaderMap, bound: Option<IpAddr>) -> bool {
    // Another site may link here, but not load anything from here.
    let cross_site = text(headers, "sec-fetch-site") == Some("cross-site");
    let is_navigation = text(headers, "sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    headers.get_all(header::HOST).iter().count() == 1
        && text(headers, "host").is_some_and(|host| is_own_host(host, bound))
        && (!cross_site || is_navigation)
}

/// Whether a `Host` is a loopback name or the address that the page listens on. Any port is
/// accepted: it may be that of a tunnel. If the page listens on all addresses, each address is
/// accepted, since only names can be made to point elsewhere.
fn is_own_host(host: &str, bound: Option<IpAddr>) -> bool {
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

/// Returns the token of an action, from its headers or its form. A token from a form is only
/// accepted if the browser says which page it came from.
///
/// # Errors
/// Returns a message if the request comes from another site, or does not say where it comes from.
pub(super) fn token<'a>(headers: &'a HeaderMap, form: &'a str) -> Result<&'a str, &'static str> {
    const FORGED: &str = "Refused: the request comes from another site.";
    let fetch = text(headers, "sec-fetch-site");
    if fetch.is_some_and(|site| site != "same-origin") {
        return Err(FORGED);
    }
    let bearer = text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    match text(headers, "origin") {
        Some(origin) => {
            let ours = text(headers, "host").is_some_and(|host| origin == format!("http://{host}"));
            // Forms of a page with `Referrer-Policy: no-referrer` have the origin `null`.
            if !(ours || origin == "null" && fetch.is_some()) {
                return Err(FORGED);
            }
            Ok(bearer.unwrap_or(form))
        }
        // No other site can make a browser send this header without a preflight request.
        None => bearer.ok_or("Refused: the request does not say which page it comes from."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_names_are_accepted() {
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
            assert!(is_own_host(host, None), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.5",
            "localhost:80:80",
        ] {
            assert!(!is_own_host(host, None), "{host}");
        }
        assert!(is_own_host("10.0.0.5:80", Some(bound)));
        assert!(!is_own_host("10.0.0.6:80", Some(bound)));
        assert!(is_own_host("10.0.0.6:80", Some(all)));
        assert!(!is_own_host("evil.example:80", Some(all)));
    }

    #[test]
    fn actions_are_only_accepted_from_this_page() {
        let try_token = |pairs: &[(&'static str, &'static str)]| {
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
        assert_eq!(try_token(&[ours]).unwrap(), "form");
        assert_eq!(try_token(&[ours, bearer]).unwrap(), "word");
        assert_eq!(try_token(&[("origin", "null"), same]).unwrap(), "form");
        assert_eq!(try_token(&[bearer]).unwrap(), "word");
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
            assert!(try_token(forged).is_err(), "{forged:?}");
        }
    }
}
