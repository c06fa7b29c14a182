//! Instance types and numbers of instances: `m5.xlarge`, `3 x m5.xlarge`.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// An EC2 instance type such as `m5.xlarge`: a family and a size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceType {
    family: String,
    size: String,
}

impl InstanceType {
    /// The family, such as `m5`.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// The size, such as `xlarge`.
    pub fn size(&self) -> &str {
        &self.size
    }
}

impl FromStr for InstanceType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain = |part: &str| {
            let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !part.is_empty() && part.len() <= 24 && part.bytes().all(byte)
        };
        match text.split_once('.') {
            Some((family, size)) if plain(family) && plain(size) && !size.contains('.') => {
                Ok(Self {
                    family: family.to_owned(),
                    size: size.to_owned(),
                })
            }
            _ => Err(Invalid::new("an instance type such as `m5.xlarge`")),
        }
    }
}

impl fmt::Display for InstanceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.family, self.size))
    }
}

serde_by_text!(InstanceType);

/// A number of instances of one type, at least one. Text: `3 x m5.xlarge`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nodes {
    /// The number of instances.
    pub count: u16,
    /// Their type.
    pub instance_type: InstanceType,
}

/// More instances than any account's EMR quota, but few enough to catch a typing mistake.
const MAX_NODES: u16 = 1_000;

impl FromStr for Nodes {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("a count and an instance type such as `3 x m5.xlarge`");
        let (count, instance_type) = text.split_once('x').ok_or_else(wrong)?;
        let count = count.trim_end();
        if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let instance_type = instance_type.trim_start().parse().map_err(|_| wrong())?;
        match count.parse() {
            Ok(count) if (1..=MAX_NODES).contains(&count) => Ok(Self {
                count,
                instance_type,
            }),
            _ => Err(Invalid::new(format!("from 1 to {MAX_NODES} nodes"))),
        }
    }
}

impl fmt::Display for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} x {}", self.count, self.instance_type))
    }
}

/// Nodes in documents.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct NodesForm {
    /// The number of instances.
    count: u16,
    /// Their type.
    instance_type: InstanceType,
}

serde_by_text!(
    Nodes,
    in documents NodesForm = |nodes| NodesForm {
        count: nodes.count,
        instance_type: nodes.instance_type.clone(),
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes() {
        for text in ["3 x m5.xlarge", "3x m5.xlarge", "3xm5.xlarge"] {
            assert_eq!(text.parse::<Nodes>().unwrap().to_string(), "3 x m5.xlarge");
        }
        assert_eq!(
            "1 x x2iedn.32xlarge"
                .parse::<Nodes>()
                .unwrap()
                .instance_type
                .family(),
            "x2iedn"
        );
    }

    #[test]
    fn invalid_sizes_are_refused() {
        for bad in [
            "m5.xlarge",
            "3",
            "0 x m5.xlarge",
            "x m5.xlarge",
            "-1 x m5.xlarge",
            "3 x m5",
            "3 y m5.xlarge",
            "9999 x m5.xlarge",
        ] {
            assert!(bad.parse::<Nodes>().is_err(), "{bad}");
        }
    }
}
