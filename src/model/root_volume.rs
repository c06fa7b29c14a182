//! The root volume of each node.

use super::memory::Memory;
use super::releases::ROOT_VOLUME_SPEED;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The root volume of each node, instead of EMR's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RootVolume {
    /// EbsRootVolumeSize.
    pub size: Memory,
    /// EbsRootVolumeIops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u16>,
    /// EbsRootVolumeThroughput in MiB/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<u16>,
}

impl RootVolume {
    /// The size in GiB.
    pub fn gib(&self) -> u64 {
        self.size.mib().div_ceil(1024)
    }

    /// Whether a release lets it have the speed that was chosen.
    pub fn is_supported(&self, label: &str) -> bool {
        let chosen = self.iops.is_some() || self.throughput.is_some();
        !chosen || ROOT_VOLUME_SPEED.include(label)
    }
}

impl fmt::Display for RootVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.size)?;
        if let Some(iops) = self.iops {
            write!(f, " with {iops} IOPS")?;
        }
        if let Some(throughput) = self.throughput {
            write!(f, " at {throughput} MiB/s")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_chosen_from_a_release_on() {
        let plain = RootVolume {
            size: Memory::from_mib(50 << 10),
            iops: None,
            throughput: None,
        };
        let fast = RootVolume {
            iops: Some(4_000),
            ..plain
        };
        assert_eq!(
            (plain.gib(), fast.to_string().as_str()),
            (50, "50g with 4000 IOPS")
        );
        for old in ["emr-5.36.2", "emr-6.14.0", "emr-6.x-is-none"] {
            assert!(plain.is_supported(old), "{old}");
        }
        for old in ["emr-5.36.2", "emr-6.14.0", "emr-6.9.1"] {
            assert!(!fast.is_supported(old), "{old}");
        }
        for new in ["emr-6.15.0", "emr-7.0.0", "emr-7.x", "emr-spark-8.0.0"] {
            assert!(fast.is_supported(new), "{new}");
        }
    }
}
