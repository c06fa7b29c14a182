//! EC2's subnets and their routes through the SDK.

use super::Sdk;
use super::ec2::{filters, our_tags};
use super::error::{from_sdk, incomplete};
use crate::cloud::api::ec2::{DescribeRouteTables, DescribeSubnets, Route, RouteTable, Subnet};
use crate::cloud::api::{ApiError, Serve};
use aws_sdk_ec2::types::{self, RouteState};

impl Serve<DescribeSubnets> for Sdk {
    async fn serve(&self, call: DescribeSubnets) -> Result<Vec<Subnet>, ApiError> {
        let filters = filters(call.filters);
        let subnets: Vec<types::Subnet> = self
            .ec2
            .describe_subnets()
            .set_filters((!filters.is_empty()).then_some(filters))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .map_err(from_sdk::<DescribeSubnets, _>)?;
        let missing = || incomplete::<DescribeSubnets>("a subnet's id or VPC");
        let convert = |subnet: types::Subnet| {
            Ok(Subnet {
                tags: our_tags(subnet.tags()),
                id: subnet.subnet_id.ok_or_else(missing)?,
                vpc: subnet.vpc_id.ok_or_else(missing)?,
                zone: subnet.availability_zone.unwrap_or_default(),
                free_addresses: subnet
                    .available_ip_address_count
                    .and_then(|count| count.try_into().ok()),
                public_addresses: subnet.map_public_ip_on_launch.unwrap_or_default(),
            })
        };
        subnets.into_iter().map(convert).collect()
    }
}

impl Serve<DescribeRouteTables> for Sdk {
    async fn serve(&self, call: DescribeRouteTables) -> Result<Vec<RouteTable>, ApiError> {
        let filter = types::Filter::builder().name("vpc-id").values(call.vpc);
        let tables: Vec<types::RouteTable> = self
            .ec2
            .describe_route_tables()
            .filters(filter.build())
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .map_err(from_sdk::<DescribeRouteTables, _>)?;
        Ok(tables.into_iter().map(table).collect())
    }
}

fn table(theirs: types::RouteTable) -> RouteTable {
    let used = theirs.associations();
    RouteTable {
        is_main: used.iter().any(|it| it.main() == Some(true)),
        subnets: used
            .iter()
            .filter_map(|it| it.subnet_id().map(str::to_owned))
            .collect(),
        routes: theirs.routes().iter().filter_map(route).collect(),
    }
}

/// `None` for a route whose target is gone (`blackhole`).
fn route(theirs: &types::Route) -> Option<Route> {
    if theirs.state() == Some(&RouteState::Blackhole) {
        return None;
    }
    let to = theirs
        .destination_cidr_block()
        .or(theirs.destination_ipv6_cidr_block())
        .or(theirs.destination_prefix_list_id())?;
    let via = theirs
        .gateway_id()
        .or(theirs.nat_gateway_id())
        .or(theirs.transit_gateway_id())
        .or(theirs.network_interface_id())
        .or(theirs.instance_id())
        .or(theirs.egress_only_internet_gateway_id())
        .or(theirs.vpc_peering_connection_id())
        .unwrap_or_default();
    Some(Route {
        to: to.to_owned(),
        via: via.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_that_lead_nowhere_are_left_out() {
        let to = |to: &str| types::Route::builder().destination_cidr_block(to);
        let endpoint = types::Route::builder().destination_prefix_list_id("pl-1");
        let theirs = types::RouteTable::builder()
            .associations(types::RouteTableAssociation::builder().main(true).build())
            .associations(
                types::RouteTableAssociation::builder()
                    .subnet_id("subnet-1")
                    .build(),
            )
            .routes(to("10.0.0.0/16").gateway_id("local").build())
            .routes(to("0.0.0.0/0").nat_gateway_id("nat-1").build())
            .routes(
                to("192.0.2.0/24")
                    .gateway_id("vgw-1")
                    .state(RouteState::Blackhole)
                    .build(),
            )
            .routes(endpoint.gateway_id("vpce-1").build())
            .build();
        let ours = table(theirs);
        assert!(ours.is_main);
        assert_eq!(ours.subnets, ["subnet-1"]);
        let routes = ours
            .routes
            .iter()
            .map(|it| (it.to.as_str(), it.via.as_str()));
        let routes: Vec<_> = routes.collect();
        let expected = [
            ("10.0.0.0/16", "local"),
            ("0.0.0.0/0", "nat-1"),
            ("pl-1", "vpce-1"),
        ];
        assert_eq!(routes, expected);
    }
}
