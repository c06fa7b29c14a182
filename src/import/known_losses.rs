//! Fields of RunJobFlow that no stack has, and why (EMR API, RunJobFlow). A field that is neither here
//! nor read is fatal: nobody knows what it does.

use super::fates::Fate;
use super::fates::Fate::{Fatal, Lost};
use super::path::Path;

/// A field without the numbers of items, what its loss means, and why it is lost.
const TABLE: &[(&str, Fate, &str)] = &[
    (
        "AdditionalInfo",
        Fatal,
        "a stack has no word for EMR's JSON of additional features",
    ),
    (
        "AmiVersion",
        Fatal,
        "a stack names a release; AMI versions are older than emr-4.0.0",
    ),
    (
        "ExtendedSupport",
        Lost,
        "it is a matter of the bill for releases that are out of support",
    ),
    (
        "Instances.HadoopVersion",
        Lost,
        "each release has its own Hadoop",
    ),
    (
        "Instances.InstanceFleets[].Context",
        Fatal,
        "a stack has no word for it",
    ),
    (
        "Instances.InstanceFleets[].InstanceTypeConfigs[].BidPrice",
        Fatal,
        MOST,
    ),
    (
        "Instances.InstanceFleets[].InstanceTypeConfigs[].BidPriceAsPercentageOfOnDemandPrice",
        Fatal,
        MOST,
    ),
    (
        "Instances.InstanceFleets[].InstanceTypeConfigs[].Configurations",
        Fatal,
        OF_ONE,
    ),
    (
        "Instances.InstanceFleets[].InstanceTypeConfigs[].CustomAmiId",
        Fatal,
        IMAGE,
    ),
    (
        "Instances.InstanceFleets[].InstanceTypeConfigs[].EbsConfiguration.EbsOptimized",
        Lost,
        OPTIMIZED,
    ),
    (
        "Instances.InstanceFleets[].LaunchSpecifications.OnDemandSpecification.\
         CapacityReservationOptions",
        Fatal,
        "EMR uses open reservations only; what the machines cost may differ",
    ),
    (
        "Instances.InstanceFleets[].LaunchSpecifications.SpotSpecification.BlockDurationMinutes",
        Lost,
        "EC2 has no Spot blocks since 2022",
    ),
    ("Instances.InstanceFleets[].Name", Lost, NAME),
    (
        "Instances.InstanceFleets[].ResizeSpecifications",
        Lost,
        "EMR's own timeouts apply while a cluster grows",
    ),
    (
        "Instances.InstanceGroups[].AutoScalingPolicy",
        Fatal,
        "automatic scaling by rules has no word in a stack; EMR's managed scaling is \
         `cluster.scaling: { from: 2, to: 10 }`",
    ),
    ("Instances.InstanceGroups[].Configurations", Fatal, OF_ONE),
    ("Instances.InstanceGroups[].CustomAmiId", Fatal, IMAGE),
    (
        "Instances.InstanceGroups[].EbsConfiguration.EbsOptimized",
        Lost,
        OPTIMIZED,
    ),
    ("Instances.InstanceGroups[].Name", Lost, NAME),
    (
        "KerberosAttributes",
        Fatal,
        "a stack has no word for Kerberos and its passwords",
    ),
    (
        "ManagedScalingPolicy.ScalingStrategy",
        Lost,
        "EMR scales with its default strategy",
    ),
    (
        "ManagedScalingPolicy.UtilizationPerformanceIndex",
        Lost,
        "EMR scales with its default strategy",
    ),
    (
        "MonitoringConfiguration",
        Lost,
        "clusterup reads EMR's logs in S3; CloudWatch gets none",
    ),
    (
        "NewSupportedProducts",
        Fatal,
        "products are older than applications; name applications",
    ),
    (
        "OSReleaseLabel",
        Fatal,
        "the machines get the newest Amazon Linux of their release",
    ),
    (
        "PlacementGroupConfigs",
        Fatal,
        "placement groups are for clusters with several primaries, which a stack has no word for",
    ),
    (
        "RepoUpgradeOnBoot",
        Lost,
        "machines get security updates when they start, as by default",
    ),
    (
        "Steps[].HadoopJarStep.Properties",
        Fatal,
        "a step has no Java properties in a stack; a jar for spark-submit has \
         `spark: { conf: { spark.driver.extraJavaOptions: … } }`",
    ),
    (
        "Steps[].StepMonitoringConfiguration",
        Lost,
        "clusterup reads EMR's logs in S3; CloudWatch gets none",
    ),
    (
        "SupportedProducts",
        Fatal,
        "products are older than applications; name applications",
    ),
    (
        "VisibleToAllUsers",
        Lost,
        "IAM's policies decide who sees a cluster",
    ),
];

const MOST: &str = "EMR pays at most the on-demand price for each type of a fleet";
const OF_ONE: &str =
    "a stack configures the applications of all machines; put it into `cluster.configurations`";
const IMAGE: &str = "a stack has one image for all machines: `cluster.image`";
const OPTIMIZED: &str = "current instance types are always optimized for EBS";
const NAME: &str = "a stack has no names for the machines of a role";

const UNKNOWN: &str = "clusterup does not know this field";

/// The place of a loss, which is a field or one above it, what it means, and why.
pub(super) fn of(field: &Path) -> (Path, Fate, &'static str) {
    let above = (1..=field.len()).map(|keys| field.up_to(keys));
    let mut known = above.filter_map(|place| {
        let pattern = place.pattern();
        let (_, fate, reason) = TABLE.iter().find(|(name, ..)| *name == pattern)?;
        Some((place, *fate, *reason))
    });
    known
        .next()
        .unwrap_or_else(|| (field.clone(), Fatal, UNKNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_each_field_once() {
        assert!(TABLE.windows(2).all(|two| two[0].0 < two[1].0));
    }

    #[test]
    fn a_loss_is_at_the_field_that_the_table_names() {
        let root = Path::default();
        let group = root.name("Instances").name("InstanceGroups").item(2);
        let rule = group.name("AutoScalingPolicy").name("Rules").item(0);
        let (place, fate, _) = of(&rule.name("Name"));
        assert_eq!((place, fate), (group.name("AutoScalingPolicy"), Fatal));
        let (place, fate, reason) = of(&root.name("VisibleToAllUser"));
        assert_eq!((place, fate), (root.name("VisibleToAllUser"), Fatal));
        assert_eq!(reason, UNKNOWN);
    }
}
