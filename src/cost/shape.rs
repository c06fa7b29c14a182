//! vCPUs and YARN memory of the instance types that EMR runs, computed from the family's ratio and
//! the size's vCPUs instead of a table of six hundred rows.
//!
//! Sources: EC2's published vCPUs and memory; the EMR Release Guide, "Hadoop task configuration",
//! for `yarn.nodemanager.resource.memory-mb`, of which two formulas match all documented rows
//! except [`EXCEPTIONS`].

use crate::model::instance::InstanceType;
use crate::model::memory::Memory;

/// The capacity of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The number of vCPUs.
    pub vcpus: u32,
    /// The memory of the instance.
    pub memory: Memory,
    /// The memory that YARN gives to containers on a core or task node.
    pub yarn: Memory,
}

/// Which of EMR's two formulas applies to a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// YARN gets the memory minus a quarter, where the quarter is limited to 2 to 8 GiB.
    Older,
    /// The same with 61/64 of the memory.
    Newer,
}
use Generation::{Newer, Older};

/// Families: MiB of memory per vCPU, and the formula.
const FAMILIES: &[(&[&str], u64, Generation)] = &[
    (&["c3", "c4"], 1920, Older),
    (&["c5", "c5d"], 2048, Older),
    (&["c5n"], 2688, Older),
    (
        &[
            "c5a", "c5ad", "c6a", "c6g", "c6gd", "c6gn", "c6i", "c6id", "c6in",
        ],
        2048,
        Newer,
    ),
    (
        &["c7a", "c7g", "c7gd", "c7gn", "c7i", "c7i-flex", "c8g"],
        2048,
        Newer,
    ),
    (&["m3"], 3840, Older),
    (&["g4dn", "m4", "m5", "m5a", "m5d"], 4096, Older),
    (
        &[
            "d3en", "g5", "g6", "h1", "im4gn", "m5ad", "m5dn", "m5n", "m5zn",
        ],
        4096,
        Newer,
    ),
    (
        &["m6a", "m6g", "m6gd", "m6i", "m6id", "m6idn", "m6in"],
        4096,
        Newer,
    ),
    (
        &["m7a", "m7g", "m7gd", "m7i", "m7i-flex", "m8g"],
        4096,
        Newer,
    ),
    (&["is4gen"], 6144, Newer),
    (
        &["d2", "g3", "g3s", "i2", "i3", "p3", "r3", "r4"],
        7808,
        Older,
    ),
    (&["i3en", "r5", "r5a", "r5d", "z1d"], 8192, Older),
    (
        &["d3", "g6e", "gr6", "i4g", "i4i", "i7ie", "i8g"],
        8192,
        Newer,
    ),
    (
        &[
            "r5ad", "r5b", "r5dn", "r5n", "r6a", "r6g", "r6gd", "r6i", "r6id", "r6idn", "r6in",
        ],
        8192,
        Newer,
    ),
    (&["r7a", "r7g", "r7gd", "r7i", "r7iz", "r8g"], 8192, Newer),
    (&["x1"], 15616, Newer),
    (&["x2gd", "x2idn", "x8g"], 16384, Newer),
    (&["x1e"], 31232, Newer),
    (&["x2iedn"], 32768, Newer),
];

/// Rows that match neither formula, and families of which no two rows do: type, vCPUs, MiB of
/// memory, MiB of YARN. F2, p4d and p5 are not documented; they use the newer formula.
const EXCEPTIONS: &[(&str, u32, u64, u64)] = &[
    ("c1.medium", 2, 1_741, 1_024),
    ("c1.xlarge", 8, 7_168, 5_120),
    ("c4.8xlarge", 36, 61_440, 53_248),
    ("c5a.12xlarge", 48, 98_304, 90_112),
    ("c5n.18xlarge", 72, 196_608, 188_416),
    ("c5n.9xlarge", 36, 98_304, 90_112),
    ("d2.8xlarge", 36, 249_856, 241_664),
    ("f2.12xlarge", 48, 524_288, 491_520),
    ("f2.48xlarge", 192, 2_097_152, 1_990_656),
    ("f2.6xlarge", 24, 262_144, 241_664),
    ("m1.large", 2, 7_680, 5_120),
    ("m1.medium", 1, 3_840, 2_048),
    ("m1.xlarge", 4, 15_360, 12_288),
    ("m2.2xlarge", 4, 35_020, 30_720),
    ("m2.4xlarge", 8, 70_042, 61_440),
    ("m2.xlarge", 2, 17_510, 14_336),
    ("m5zn.2xlarge", 8, 32_768, 11_520),
    ("m5zn.xlarge", 4, 16_384, 11_520),
    ("m6g.12xlarge", 48, 196_608, 181_248),
    ("m6gd.12xlarge", 48, 196_608, 181_248),
    ("p2.16xlarge", 64, 749_568, 741_376),
    ("p2.8xlarge", 32, 499_712, 491_520),
    ("p2.xlarge", 4, 62_464, 54_272),
    ("p4d.24xlarge", 96, 1_179_648, 1_116_160),
    ("p5.48xlarge", 192, 2_097_152, 1_990_656),
];

/// The shape of a type; `None` if EMR does not run it or it is unknown.
pub fn shape(instance_type: &InstanceType) -> Option<Shape> {
    let name = instance_type.to_string();
    if let Some((_, vcpus, memory, yarn)) = EXCEPTIONS.iter().find(|row| row.0 == name) {
        return Some(Shape {
            vcpus: *vcpus,
            memory: Memory::from_mib(*memory),
            yarn: Memory::from_mib(*yarn),
        });
    }
    let (_, per_vcpu, generation) = FAMILIES
        .iter()
        .find(|(families, ..)| families.contains(&instance_type.family()))?;
    let vcpus = vcpus(instance_type)?;
    let memory = u64::from(vcpus) * per_vcpu;
    Some(Shape {
        vcpus,
        memory: Memory::from_mib(memory),
        yarn: yarn(memory, *generation),
    })
}

/// The known families, for suggestions.
pub fn families() -> impl Iterator<Item = &'static str> {
    FAMILIES
        .iter()
        .flat_map(|(families, ..)| families.iter().copied())
}

/// Except for [`EXCEPTIONS`], EMR runs no size below `xlarge` but `large` of two old families.
fn vcpus(instance_type: &InstanceType) -> Option<u32> {
    match (instance_type.family(), instance_type.size()) {
        ("c4" | "m4", "large") => Some(2),
        (_, "xlarge") => Some(4),
        (_, size) => {
            let times: u32 = size.strip_suffix("xlarge")?.parse().ok()?;
            (2..=48).contains(&times).then_some(times * 4)
        }
    }
}

fn yarn(memory: u64, generation: Generation) -> Memory {
    let usable = match generation {
        Older => memory,
        Newer => memory * 61 / 64,
    };
    let reserved = (usable / 4).clamp(2_048, 8_192);
    // The documented row for 8 GiB of newer families is 5632, not the formula's 5760.
    let yarn = if generation == Newer && memory == 8_192 {
        5_632
    } else {
        usable - reserved
    };
    Memory::from_mib(yarn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_rows_hold() {
        for (name, vcpus, yarn) in [
            ("m5.xlarge", 4, 12_288),
            ("m5.2xlarge", 8, 24_576),
            ("m5.24xlarge", 96, 385_024),
            ("m4.large", 2, 6_144),
            ("m4.10xlarge", 40, 155_648),
            ("m6g.xlarge", 4, 11_712),
            ("m6g.12xlarge", 48, 181_248),
            ("c4.large", 2, 1_792),
            ("c4.8xlarge", 36, 53_248),
            ("c5.xlarge", 4, 6_144),
            ("c5.9xlarge", 36, 65_536),
            ("c5n.xlarge", 4, 8_064),
            ("c6g.xlarge", 4, 5_632),
            ("r4.xlarge", 4, 23_424),
            ("r5.xlarge", 4, 24_576),
            ("r5b.16xlarge", 64, 491_520),
            ("i3en.3xlarge", 12, 90_112),
            ("z1d.6xlarge", 24, 188_416),
            ("d3en.6xlarge", 24, 85_504),
        ] {
            let shape = shape(&name.parse().unwrap()).unwrap();
            assert_eq!((shape.vcpus, shape.yarn.mib()), (vcpus, yarn), "{name}");
        }
    }

    #[test]
    fn an_unknown_type_has_no_shape() {
        for name in [
            "m99.xlarge",
            "m5.huge",
            "m5.0xlarge",
            "m5.metal",
            "t3.micro",
        ] {
            assert!(shape(&name.parse().unwrap()).is_none(), "{name}");
        }
    }
}
