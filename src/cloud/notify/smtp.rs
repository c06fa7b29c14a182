//! E-mail by SMTP. A header value is always one line, and addresses come from the settings alone.

use super::{Channel, SEND_TIMEOUT, line, plain, run_blocking};
use crate::cloud::{Class, CloudError};
use crate::model::notice::Notice;
use async_trait::async_trait;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;
use lettre::{Address, SmtpTransport, Transport};
use std::fmt;
use std::time::SystemTime;

/// A server, a sender and recipients. Its `Debug` output has no secret.
#[derive(Clone)]
pub struct Mail {
    server: SmtpTransport,
    host: String,
    secret: Option<String>,
    from: Address,
    to: Vec<Address>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Mail({}, from {}, to {:?})",
            self.host, self.from, self.to
        )
    }
}

const FORM: &str = "smtps://user:password@mail.example.com:465?from=a@example.com&to=b@example.com";

fn invalid(what: &str) -> CloudError {
    CloudError::new(Class::Input, format!("the e-mail server's URL {what}")).hint(format!(
        "name it as {FORM}; with STARTTLS smtp://…:587?tls=required&from=…; percent-encode signs \
         in the password, such as %40 for @"
    ))
}

impl Mail {
    /// Reads a URL such as
    /// `smtps://user:password@mail.example.com:465?from=a@example.com&to=b@example.com`. `smtps` is
    /// TLS from the first byte, `smtp` with `tls=required` is STARTTLS, `smtp` alone is
    /// unencrypted. `to=` takes several addresses, separated by commas, and may be repeated.
    ///
    /// # Errors
    /// Returns an error that says what is wrong with the URL, without its secret; also if the
    /// password would be sent unencrypted.
    pub fn parse(url: &str) -> Result<Self, CloudError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut from = None;
        let mut to = Vec::new();
        let mut tls = false;
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match (key, value) {
                ("from", address) => from = Some(address_of(address)?),
                ("to", many) => {
                    for address in many.split(',') {
                        to.push(address_of(address)?);
                    }
                }
                ("tls", "required") => tls = true,
                _ => return Err(invalid("has a setting besides from, to and tls=required")),
            }
        }
        let from = from.ok_or_else(|| invalid("has no sender: from=…"))?;
        if to.is_empty() {
            return Err(invalid("has no recipient: to=…"));
        }
        let (host, secret) = server_of(base, tls)?;
        let tls = if tls { "?tls=required" } else { "" };
        let server = SmtpTransport::from_url(&format!("{base}{tls}"));
        // The parser's error may quote the URL.
        let server = server.map_err(|_| invalid("cannot be read"))?;
        Ok(Self {
            server: server.timeout(Some(SEND_TIMEOUT)).build(),
            host,
            secret,
            from,
            to,
        })
    }

    fn message(&self, notice: &Notice) -> Result<Message, CloudError> {
        let mut mail = Message::builder()
            .from(Mailbox::new(None, self.from.clone()))
            .date(SystemTime::from(notice.at))
            .subject(line(&format!("clusterup: {}", notice.title), 200))
            // Suppresses automatic replies (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            mail = mail.to(Mailbox::new(None, to.clone()));
        }
        mail.body(format!("{}\n", plain(notice).replace('\n', "\r\n")))
            .map_err(|error| {
                CloudError::new(Class::Failed, "the notice cannot be written as an e-mail")
                    .caused_by(error)
            })
    }

    fn failed(&self, error: &Error) -> CloudError {
        let (class, why) = if error.is_timeout() {
            (Class::Unreachable, "does not answer in time".to_owned())
        } else if let Some(code) = error.status() {
            let says = self.without_secret(&error.to_string());
            let class = if error.is_permanent() {
                Class::Failed
            } else {
                Class::Unreachable
            };
            (
                class,
                format!("refuses it with {code}: {}", line(&says, 200)),
            )
        } else if error.is_tls() {
            (Class::Failed, "has no trusted certificate".to_owned())
        } else {
            let says = self.without_secret(&error.to_string());
            (
                Class::Unreachable,
                format!("cannot be reached: {}", line(&says, 200)),
            )
        };
        CloudError::new(class, format!("e-mail server {} {why}", self.host))
            .hint("check its URL, user and password, and that this machine can reach it")
    }

    fn without_secret(&self, text: &str) -> String {
        match &self.secret {
            Some(secret) => text.replace(secret, "…"),
            None => text.to_owned(),
        }
    }
}

#[async_trait(?Send)]
impl Channel for Mail {
    fn name(&self) -> &'static str {
        "smtp"
    }

    async fn send(&self, notice: &Notice) -> Result<(), CloudError> {
        let mail = self.clone();
        let message = self.message(notice)?;
        run_blocking(move || {
            let sent = mail.server.send(&message);
            sent.map(|_| ()).map_err(|error| mail.failed(&error))
        })
        .await
    }
}

fn address_of(text: &str) -> Result<Address, CloudError> {
    let address = text.parse();
    address.map_err(|_| invalid(&format!("has an invalid address: {}", line(text, 100))))
}

/// Returns the host and, as the URL has it, the password.
fn server_of(base: &str, tls: bool) -> Result<(String, Option<String>), CloudError> {
    let (scheme, rest) = base
        .split_once("://")
        .ok_or_else(|| invalid("names no host"))?;
    let authority = rest.trim_end_matches('/');
    if authority.contains(['/', '#']) {
        return Err(invalid("has more after its host"));
    }
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("names no host"))?;
    let secret = match user.map(|user| user.split_once(':')) {
        None => None,
        Some(Some((_, password))) if !password.is_empty() => Some(password.to_owned()),
        Some(_) => return Err(invalid("names a user and no password")),
    };
    let is_loopback = matches!(name, "localhost" | "127.0.0.1" | "::1");
    let is_open = scheme.eq_ignore_ascii_case("smtp") && !tls;
    if is_open && secret.is_some() && !is_loopback {
        return Err(invalid("would send its password unencrypted"));
    }
    Ok((name.to_owned(), secret))
}

#[cfg(test)]
mod tests;
