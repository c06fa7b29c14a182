//! This machine's public addresses.

use super::Account;
use crate::cloud::api::Api;
use crate::cloud::error::{Class, CloudError};
use crate::model::cidr::Cidr;
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;

/// AWS's own service, which its documents recommend for this. It answers over IPv4 only.
const CHECK_IP: &str = "https://checkip.amazonaws.com";
const TIMEOUT: Duration = Duration::from_secs(5);

/// Determines this machine's public addresses, once.
pub struct Addresses {
    /// Responds to a GET with the caller's IPv4 address.
    url: String,
    cached: RefCell<Option<Vec<IpAddr>>>,
}

impl Addresses {
    /// Looks addresses up at AWS, or at `url` if one is given.
    pub fn lookup(url: Option<String>) -> Self {
        Self {
            url: url.unwrap_or_else(|| CHECK_IP.to_owned()),
            cached: RefCell::new(None),
        }
    }

    /// Fixed addresses.
    #[cfg_attr(closed, expect(dead_code, reason = "tests have no service to ask"))]
    pub fn fixed(addresses: Vec<IpAddr>) -> Self {
        Self {
            url: String::new(),
            cached: RefCell::new(Some(addresses)),
        }
    }

    fn get(&self) -> Result<Vec<IpAddr>, CloudError> {
        if let Some(cached) = self.cached.borrow().clone() {
            return Ok(cached);
        }
        let mut addresses = vec![IpAddr::V4(ipv4(&self.url)?)];
        addresses.extend(ipv6().map(IpAddr::V6));
        *self.cached.borrow_mut() = Some(addresses.clone());
        Ok(addresses)
    }
}

fn ipv4(url: &str) -> Result<Ipv4Addr, CloudError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .build()
        .into();
    let failed = |why: String| {
        CloudError::new(
            Class::Unreachable,
            format!("cannot determine this machine's public address: {url} {why}"),
        )
        .hint("name an address instead of `caller`: ingress: [{ port: 22, from: 203.0.113.7/32 }]")
    };
    let mut reply = agent
        .get(url)
        .call()
        .map_err(|error| failed(format!("failed: {error}")))?;
    let text = reply.body_mut().with_config().limit(256).read_to_string();
    let text = text.map_err(|error| failed(format!("failed: {error}")))?;
    let address: Option<Ipv4Addr> = text.trim().parse().ok();
    let public = |a: &Ipv4Addr| !(a.is_private() || a.is_loopback() || a.is_link_local());
    address
        .filter(public)
        .ok_or_else(|| failed("returned no public address".to_owned()))
}

/// The address that this machine uses for connections to the Internet. Connecting a UDP socket
/// sends nothing. IPv6 is seldom translated on the way, so servers see the same address.
fn ipv6() -> Option<Ipv6Addr> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).ok()?;
    // A public resolver stands for any address on the Internet.
    let world = Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888);
    socket.connect((world, 53)).ok()?;
    match socket.local_addr().ok()?.ip() {
        // Public addresses are in 2000::/3.
        IpAddr::V6(address) if address.segments()[0] >> 13 == 1 => Some(address),
        IpAddr::V6(_) | IpAddr::V4(_) => None,
    }
}

impl<A: Api> Account<A> {
    /// The ranges that `from: caller` stands for.
    pub(super) fn caller(&self) -> Result<Vec<Cidr>, CloudError> {
        let addresses = self.settings.addresses.get()?;
        Ok(addresses.into_iter().map(Cidr::host).collect())
    }
}
