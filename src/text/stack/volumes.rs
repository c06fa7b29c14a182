//! `ebs` and `root_volume`: the disks of each node.

use super::forms::expand_root_volume;
use crate::model::memory::Memory;
use crate::model::root_volume::RootVolume;
use crate::model::stack::{Ebs, VolumeKind};
use crate::text::collections::Forms;
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, record};
use crate::text::format;
use crate::text::types::{Whole, Words};

/// The operations per second of a gp3 volume, and how many per GiB (EBS User Guide, "General Purpose
/// SSD volumes"; EMR Management Guide, "Customizing the Amazon EBS root device volume").
const IOPS: Whole = Whole(3_000, 16_000, "operations per second");
const IOPS_PER_GIB: u64 = 500;
/// The throughput of a gp3 volume in MiB/s: a quarter of a MiB per operation at most.
const THROUGHPUT: Whole = Whole(125, 1_000, "MiB/s");
const IOPS_PER_MIB: u64 = 4;
/// The smallest st1 volume in GiB (EBS User Guide, "Throughput Optimized HDD volumes").
const ST1_GIB: u64 = 125;

record! {
    /// EBS volumes of each machine.
    pub(super) EBS: Ebs = |at| {
        /// The kind of volume.
        r#type: default("gp3") = Words([
            ("gp2", VolumeKind::Gp2, "SSD, faster as it grows."),
            ("gp3", VolumeKind::Gp3, "SSD, cheaper than gp2."),
            ("st1", VolumeKind::St1, "HDD for long sequential reads, of 125g or more."),
        ]), "gp3";
        /// The size of each.
        size: required = format::VOLUME_SIZE, "64g";
        /// How many.
        volumes: default("1") = Whole(1, 25, "a number of volumes"), "2";
        /// Operations per second of each gp3 volume: at most 500 per GiB. Those above 3000 cost extra.
        iops: optional = IOPS, "4000";
        /// The throughput of each gp3 volume in MiB/s: at most a quarter of its operations per second.
        /// What is above 125 costs extra.
        throughput: optional = THROUGHPUT, "250";
    } check {
        speed(at, size.value, &iops, &throughput);
        for chosen in [&iops, &throughput] {
            of_gp3(at, r#type.value, chosen);
        }
        if let (Some(VolumeKind::St1), Some((of, place))) = (r#type.value, size.written())
            && gib(*of) < ST1_GIB
        {
            let message = format!("an st1 volume cannot have {of}");
            let found = Diagnostic::new(Code::Conflict, place, message);
            at.wrong(found.expected(format!("`{ST1_GIB}g` or more")));
        }
    } => Ebs { kind: r#type, size, volumes, iops, throughput };
}

pub(super) const ROOT_VOLUME_FORMS: Forms<Memory, RootVolume> = Forms {
    short: format::ROOT_VOLUME_SIZE,
    long: ROOT_VOLUME,
    expand: expand_root_volume,
};

record! {
    /// The root volume of each node, for the operating system and the applications.
    pub(super) ROOT_VOLUME: RootVolume = |at| {
        /// Its size, from 10g to 100g.
        size: required = format::ROOT_VOLUME_SIZE, "50g";
        /// Operations per second, from emr-6.15.0 on: at most 500 per GiB. Those above 3000 cost extra.
        iops: optional = IOPS, "4000";
        /// The throughput in MiB/s, from emr-6.15.0 on: at most a quarter of the operations per second.
        /// What is above 125 costs extra.
        throughput: optional = THROUGHPUT, "250";
    } check {
        speed(at, size.value, &iops, &throughput);
    } => RootVolume { size, iops, throughput };
}

fn gib(size: Memory) -> u64 {
    size.mib() >> 10
}

/// The limits of a volume's speed that depend on each other.
fn speed(
    at: &mut At<'_, '_>,
    size: Option<Memory>,
    iops: &Got<'_, Option<u16>>,
    throughput: &Got<'_, Option<u16>>,
) {
    if let (Some(size), Some((Some(chosen), place))) = (size, iops.written()) {
        let most = gib(size).saturating_mul(IOPS_PER_GIB);
        // Each volume has 3000 without a choice.
        if u64::from(*chosen) > most.max(3_000) {
            let message = format!("a volume of {size} has at most {most} operations per second");
            let found = Diagnostic::new(Code::Conflict, place, message);
            at.wrong(found.help("make the volume larger: each GiB allows 500"));
        }
    }
    if let Some((Some(chosen), place)) = throughput.written() {
        let of = iops.value.flatten().unwrap_or(3_000);
        if u64::from(*chosen) * IOPS_PER_MIB > u64::from(of) {
            let message = format!("{of} operations per second give at most {} MiB/s", of / 4);
            let found = Diagnostic::new(Code::Conflict, place, message);
            let need = u64::from(*chosen) * IOPS_PER_MIB;
            at.wrong(found.help(format!("write `iops: {need}` or more beside it")));
        }
    }
}

fn of_gp3(at: &mut At<'_, '_>, kind: Option<VolumeKind>, chosen: &Got<'_, Option<u16>>) {
    let (Some(kind), Some(place)) = (kind, chosen.place) else {
        return;
    };
    if kind != VolumeKind::Gp3 {
        let kind = kind.as_str();
        let message = format!("the speed of {kind} follows from its size");
        let found = Diagnostic::new(Code::Conflict, place.key, message);
        at.wrong(found.help(format!("leave `{}` out, or write `type: gp3`", chosen.key)));
    }
}
