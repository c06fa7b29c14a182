//! Address ranges in EC2's canonical form, with zero host bits.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of IP addresses such as `203.0.113.0/24`. Host bits are set to zero, as EC2 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The range of one address.
    pub const fn host(address: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self {
            network: address,
            prefix,
        }
    }

    /// Whether it contains another range.
    pub fn holds(self, other: Self) -> bool {
        let within = |network: u128, other: u128, bits: u32| {
            let beyond = bits - u32::from(self.prefix);
            let mask = u128::MAX.checked_shl(beyond).unwrap_or(0);
            network & mask == other & mask
        };
        let alike = match (self.network, other.network) {
            (IpAddr::V4(own), IpAddr::V4(its)) => {
                within(u32::from(own).into(), u32::from(its).into(), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(its)) => within(own.into(), its.into(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        };
        alike && self.prefix <= other.prefix
    }

    /// Whether it is the range of one address.
    pub const fn is_host(self) -> bool {
        self.prefix == if self.network.is_ipv4() { 32 } else { 128 }
    }

    /// Whether it is `0.0.0.0/0`, `::/0`, or nearly as wide: `2000::/3` is all of IPv6 in use.
    pub const fn is_the_world(self) -> bool {
        self.prefix <= if self.network.is_ipv4() { 2 } else { 3 }
    }
}

impl FromStr for Cidr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong =
            || Invalid::new("a range of addresses such as `203.0.113.7/32` or `2001:db8::/64`");
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        match address.parse().map_err(|_| wrong())? {
            IpAddr::V4(v4) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Ok(Self {
                    network: Ipv4Addr::from(u32::from(v4) & mask).into(),
                    prefix,
                })
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Ok(Self {
                    network: Ipv6Addr::from(u128::from(v6) & mask).into(),
                    prefix,
                })
            }
            IpAddr::V4(_) | IpAddr::V6(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.network, self.prefix))
    }
}

serde_by_text!(Cidr);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_ranges() {
        let holds = |outer: &str, inner: &str| {
            let outer: Cidr = outer.parse().unwrap();
            outer.holds(inner.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.1.2.0/24") && holds("0.0.0.0/0", "1.2.3.4/32"));
        assert!(!holds("10.1.2.0/24", "10.0.0.0/8") && !holds("10.0.0.0/8", "11.0.0.0/8"));
        assert!(holds("2001:db8::/32", "2001:db8:1::/48") && holds("::/0", "::1/128"));
        assert!(!holds("::/0", "1.2.3.4/32"));
    }

    #[test]
    fn host_bits_are_zeroed() {
        for (text, canonical) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("203.0.113.7/32", "203.0.113.7/32"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("2001:db8::7/64", "2001:db8::/64"),
        ] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn invalid_ranges_are_refused() {
        for bad in [
            "203.0.113.7",
            "203.0.113.7/33",
            "::/129",
            "/8",
            "caller",
            "1.2.3/8",
            "",
        ] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }
}
