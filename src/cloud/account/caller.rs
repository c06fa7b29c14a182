//! This machine's public addresses, as the world sees them.

use super::Account;
use crate::cloud::api::Api;
use crate::cloud::error::{Class, CloudError};
use crate::model::cidr::Cidr;
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;

/// AWS's own, which its documents name for this; it answers over IPv4 alone.
const CHECK_IP: &str = "https://checkip.amazonaws.com";
const PATIENCE: Duration = Duration::from_secs(5);

/// Where addresses come from; asked for once.
pub struct Addresses {
    /// Answers a GET with the caller's IPv4 address.
    url: String,
    known: RefCell<Option<Vec<IpAddr>>>,
}

impl Addresses {
    /// Asks AWS, or `url` where one is given.
    pub fn ask(url: Option<String>) -> Self {
        Self {
            url: url.unwrap_or_else(|| CHECK_IP.to_owned()),
            known: RefCell::new(None),
        }
    }

    pub fn known(addresses: Vec<IpAddr>) -> Self {
        Self {
            url: String::new(),
            known: RefCell::new(Some(addresses)),
        }
    }

    fn get(&self) -> Result<Vec<IpAddr>, CloudError> {
        if let Some(known) = self.known.borrow().clone() {
            return Ok(known);
        }
        let mut found = vec![IpAddr::V4(ipv4(&self.url)?)];
        found.extend(ipv6().map(IpAddr::V6));
        *self.known.borrow_mut() = Some(found.clone());
        Ok(found)
    }
}

fn ipv4(url: &str) -> Result<Ipv4Addr, CloudError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let failed = |why: String| {
        CloudError::new(
            Class::Unreachable,
            format!("cannot tell this machine's public address: {url} {why}"),
        )
        .hint("name an address instead of `caller`: ingress: [{ port: 22, from: 203.0.113.7/32 }]")
    };
    let mut reply = agent
        .get(url)
        .call()
        .map_err(|error| failed(format!("says: {error}")))?;
    let text = reply.body_mut().with_config().limit(256).read_to_string();
    let text = text.map_err(|error| failed(format!("says: {error}")))?;
    let address: Option<Ipv4Addr> = text.trim().parse().ok();
    let public = |a: &Ipv4Addr| !(a.is_private() || a.is_loopback() || a.is_link_local());
    address
        .filter(public)
        .ok_or_else(|| failed("answers with no public address".to_owned()))
}

/// The address that this machine would use towards the world. Connecting a UDP socket sends
/// nothing; IPv6 is seldom translated on the way, so this is what the other side sees.
fn ipv6() -> Option<Ipv6Addr> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).ok()?;
    // A public resolver's address stands for the world.
    let world = Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888);
    socket.connect((world, 53)).ok()?;
    match socket.local_addr().ok()?.ip() {
        // 2000::/3 is what is public.
        IpAddr::V6(address) if address.segments()[0] >> 13 == 1 => Some(address),
        IpAddr::V6(_) | IpAddr::V4(_) => None,
    }
}

impl<A: Api> Account<A> {
    /// The ranges that `from: caller` means.
    pub(super) fn caller(&self) -> Result<Vec<Cidr>, CloudError> {
        let addresses = self.settings.addresses.get()?;
        Ok(addresses.into_iter().map(Cidr::host).collect())
    }
}
