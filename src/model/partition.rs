//! AWS partitions, which are separate: accounts, credentials and buckets of one do not exist in
//! another (AWS General Reference, "Amazon Resource Names").

use super::name::Region;

/// A partition of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// AWS GovCloud (US).
    GovCloud,
    /// AWS China.
    China,
    /// Regions of intelligence services.
    Iso,
    /// The European Sovereign Cloud.
    Sovereign,
}

/// The prefixes of regions in other partitions.
const PREFIXES: [(&str, Partition); 8] = [
    ("us-gov-", Partition::GovCloud),
    ("cn-", Partition::China),
    ("us-iso-", Partition::Iso),
    ("us-isob-", Partition::Iso),
    ("us-isof-", Partition::Iso),
    ("eu-isoe-", Partition::Iso),
    ("eusc-", Partition::Sovereign),
    ("us-isoc-", Partition::Iso),
];

impl Partition {
    /// The partition of a region.
    pub fn of(region: &Region) -> Self {
        let text = region.as_str();
        let mut all = PREFIXES.iter();
        let found = all.find(|(prefix, _)| text.starts_with(prefix));
        found.map_or(Self::Aws, |(_, partition)| *partition)
    }

    /// The partition in ARNs. There are several secret ones; this is the first.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::GovCloud => "aws-us-gov",
            Self::China => "aws-cn",
            Self::Iso => "aws-iso",
            Self::Sovereign => "aws-eusc",
        }
    }

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS's commercial regions",
            Self::GovCloud => "AWS GovCloud (US)",
            Self::China => "AWS China",
            Self::Iso => "AWS's secret regions",
            Self::Sovereign => "the AWS European Sovereign Cloud",
        }
    }

    /// Why clusterup does not support it; `None` if it does.
    pub const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Aws | Self::GovCloud => None,
            Self::China => Some(
                "clusterup does not know its prices, which are in yuan, nor its endpoints, and \
                 creates no cluster without a price",
            ),
            Self::Iso | Self::Sovereign => {
                Some("clusterup does not know its prices, and creates no cluster without a price")
            }
        }
    }

    /// A region whose endpoints answer for the whole partition, such as for the location of
    /// buckets.
    pub const fn any_region(self) -> &'static str {
        match self {
            Self::Aws => "us-east-1",
            Self::GovCloud => "us-gov-west-1",
            Self::China => "cn-north-1",
            Self::Iso => "us-iso-east-1",
            Self::Sovereign => "eusc-de-east-1",
        }
    }

    /// Whether AWS Budgets and the price list are available to its accounts: those of GovCloud are
    /// billed through an account of the commercial regions (AWS GovCloud User Guide, "Billing").
    pub const fn has_billing(self) -> bool {
        matches!(self, Self::Aws)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: &str) -> Partition {
        Partition::of(&region.parse().unwrap())
    }

    #[test]
    fn a_region_is_in_one_partition() {
        for region in [
            "us-east-1",
            "eu-west-1",
            "ap-northeast-2",
            "us-west-2",
            "mx-central-1",
        ] {
            assert_eq!(
                (of(region).as_str(), of(region).refusal()),
                ("aws", None),
                "{region}"
            );
        }
        for region in ["us-gov-west-1", "us-gov-east-1"] {
            let partition = of(region);
            assert_eq!(
                (partition.as_str(), partition.refusal()),
                ("aws-us-gov", None)
            );
            assert!(!partition.has_billing());
        }
        for region in [
            "cn-north-1",
            "cn-northwest-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eu-isoe-west-1",
            "us-isof-south-1",
            "eusc-de-east-1",
        ] {
            assert!(of(region).refusal().is_some(), "{region}");
            assert_ne!(of(region), Partition::Aws, "{region}");
        }
        for partition in [Partition::Aws, Partition::GovCloud, Partition::China] {
            assert_eq!(of(partition.any_region()), partition);
        }
    }
}
