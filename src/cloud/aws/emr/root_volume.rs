//! The root volume of each node, in the call that makes a cluster and in what EMR shows.

use crate::model::memory::Memory;
use crate::model::root_volume::RootVolume;
use aws_sdk_emr::operation::run_job_flow::builders::RunJobFlowFluentBuilder;
use aws_sdk_emr::types::Cluster;

pub(super) fn asked(
    call: RunJobFlowFluentBuilder,
    volume: Option<RootVolume>,
) -> RunJobFlowFluentBuilder {
    let Some(volume) = volume else {
        return call;
    };
    call.set_ebs_root_volume_size(i32::try_from(volume.gib()).ok())
        .set_ebs_root_volume_iops(volume.iops.map(i32::from))
        .set_ebs_root_volume_throughput(volume.throughput.map(i32::from))
}

/// EMR shows what was requested, and nothing if nothing was.
pub(super) fn shown(theirs: &Cluster) -> Option<RootVolume> {
    let number = |number: Option<i32>| u16::try_from(number?).ok();
    let gib = number(theirs.ebs_root_volume_size())?;
    Some(RootVolume {
        size: Memory::from_mib(u64::from(gib) << 10),
        iops: number(theirs.ebs_root_volume_iops()),
        throughput: number(theirs.ebs_root_volume_throughput()),
    })
}
