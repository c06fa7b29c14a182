//! Ports of this machine's loopback address, and the REST APIs behind them.

use super::error::{Class, CloudError};
use crate::model::address::{credentials, without_password};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

/// A page of Spark's or YARN's, with the password of its owner if it has one.
#[derive(Clone)]
pub(super) struct Page {
    agent: ureq::Agent,
    address: String,
    /// The credentials. Tunnels, and drivers of an older clusterup, need none.
    basic: Option<String>,
}

impl Page {
    /// The page at an address, which may contain credentials.
    pub(super) fn of(address: &str) -> Self {
        // Without a proxy: the address is always on this machine.
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(1)))
            .proxy(None)
            .build();
        Self {
            agent: config.new_agent(),
            address: without_password(address),
            basic: credentials(address).map(|pair| format!("Basic {}", STANDARD.encode(pair))),
        }
    }

    /// The answer to a request; `None` if there is none within a second. Blocks its thread.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let mut request = self.agent.get(format!("{}{path}", self.address));
        if let Some(basic) = &self.basic {
            request = request.header("authorization", basic);
        }
        request.call().ok()?.body_mut().read_json().ok()
    }
}

/// A port on which nothing listens: the given one, or any.
///
/// # Errors
/// Returns an error if something listens on the given port, or no port is free.
pub fn free_port(given: Option<u16>) -> Result<u16, CloudError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, given.unwrap_or(0)));
    let port = bound
        .and_then(|bound| bound.local_addr())
        .map(|address| address.port());
    port.map_err(|error| {
        let message = match given {
            Some(port) => format!("port {port} of this machine cannot be used"),
            None => "no port of this machine is free".to_owned(),
        };
        let error = CloudError::new(Class::Input, message).caused_by(error);
        error.hint("choose another one with --port, or leave it out")
    })
}

/// Whether something listens on a port.
pub async fn is_open(port: u16) -> bool {
    tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .is_ok()
}
