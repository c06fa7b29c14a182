//! EBS volumes and elastic addresses through the SDK.

use super::Sdk;
use super::ec2::{filters, our_tags};
use super::error::{from_sdk, incomplete};
use super::translate::time;
use crate::cloud::api::ec2::{Address, DescribeAddresses, DescribeVolumes, Volume};
use crate::cloud::api::{ApiError, Page, Serve};
use aws_sdk_ec2::types;

/// The largest page that EC2 returns for all accounts (EC2 API, DescribeVolumes, MaxResults).
const PAGE: i32 = 500;

impl Serve<DescribeVolumes> for Sdk {
    async fn serve(&self, call: DescribeVolumes) -> Result<Page<Volume>, ApiError> {
        let reply = self
            .ec2
            .describe_volumes()
            .set_filters(Some(filters(call.filters)))
            .max_results(PAGE)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<DescribeVolumes, _>)?;
        let missing = || incomplete::<DescribeVolumes>("a volume's id or size");
        let convert = |theirs| volume(theirs).ok_or_else(missing);
        let volumes = reply.volumes.into_iter().flatten();
        Ok(Page {
            items: volumes.map(convert).collect::<Result<_, _>>()?,
            next: reply.next_token.filter(|token| !token.is_empty()),
        })
    }
}

fn volume(theirs: types::Volume) -> Option<Volume> {
    let number = |of: Option<i32>| u32::try_from(of?).ok();
    let kind = theirs.volume_type.as_ref().map(|kind| kind.as_str());
    Some(Volume {
        kind: kind.unwrap_or_default().to_owned(),
        gib: number(theirs.size)?,
        iops: number(theirs.iops),
        throughput: number(theirs.throughput),
        created_at: theirs.create_time.as_ref().and_then(time),
        tags: our_tags(theirs.tags()),
        id: theirs.volume_id?,
    })
}

impl Serve<DescribeAddresses> for Sdk {
    async fn serve(&self, call: DescribeAddresses) -> Result<Vec<Address>, ApiError> {
        let request = self.ec2.describe_addresses();
        let reply = request
            .set_filters(Some(filters(call.filters)))
            .send()
            .await;
        let reply = reply.map_err(from_sdk::<DescribeAddresses, _>)?;
        let missing = || incomplete::<DescribeAddresses>("an address or its id");
        let convert = |theirs| address(theirs).ok_or_else(missing);
        let addresses = reply.addresses.into_iter().flatten();
        addresses.map(convert).collect()
    }
}

fn address(theirs: types::Address) -> Option<Address> {
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let of = [
        &theirs.association_id,
        &theirs.instance_id,
        &theirs.network_interface_id,
    ];
    Some(Address {
        is_associated: of.into_iter().any(is_set),
        tags: our_tags(theirs.tags()),
        id: theirs.allocation_id?,
        address: theirs.public_ip?,
    })
}
