//! The subnet that a stack names, and where its routes lead.

use super::Account;
use super::errors::Context;
use super::observe::filter;
use crate::cloud::api::ec2::{self, DescribeRouteTables, DescribeSubnets, RouteTable};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::hint::Command;
use crate::model::name::SubnetId;
use crate::model::network::{Network, Routes, Subnet, SubnetChoice};
use crate::model::shown;

/// How many subnets an error lists.
const LISTED: usize = 10;

impl<A: Api> Account<A> {
    /// The subnets of a stack, if it names one or several: two calls.
    pub(super) async fn subnets_of(&self, network: &Network) -> Result<Vec<Subnet>, CloudError> {
        let Some(choice) = &network.subnet else {
            return Ok(Vec::new());
        };
        let filters = match choice {
            SubnetChoice::AnyOf(ids) => vec![ec2::Filter {
                name: "subnet-id".to_owned(),
                values: ids.iter().map(ToString::to_string).collect(),
            }],
            SubnetChoice::Id(id) => vec![filter("subnet-id", id.as_str())],
            // `*`, `?` and `\` have meanings in filters; the values are compared below.
            SubnetChoice::Tags(tags) => tags
                .iter()
                .map(|(key, value)| filter(&format!("tag:{key}"), &escaped(value)))
                .collect(),
        };
        let mut found = self.subnets(filters).await?;
        if let SubnetChoice::Tags(tags) = choice {
            found.retain(|subnet| {
                let mut all = tags.iter();
                all.all(|(key, value)| subnet.tags.get(key) == Some(value))
            });
        }
        if let SubnetChoice::AnyOf(ids) = choice {
            return self.all_of(ids, &found).await;
        }
        let one = match found.as_slice() {
            [one] => one,
            [] => return Err(self.no_subnet(choice).await?),
            several => {
                let message = format!(
                    "{} subnets of {} are {choice}, and a cluster is in one: {}",
                    several.len(),
                    self.settings.region,
                    list(several)
                );
                return Err(CloudError::new(Class::Input, message)
                    .hint("name one of them by its id, or add a tag that only one has")
                    .hint(self.list_subnets()));
            }
        };
        let tables = self.route_tables(&one.vpc).await?;
        Ok(vec![converted(one, tables.as_deref())?])
    }

    /// Several subnets in the order of the stack, which have to be in one VPC (EMR API,
    /// Ec2InstanceAttributes).
    async fn all_of(
        &self,
        ids: &[SubnetId],
        found: &[ec2::Subnet],
    ) -> Result<Vec<Subnet>, CloudError> {
        let mut subnets = Vec::new();
        for id in ids {
            match found.iter().find(|subnet| subnet.id == id.as_str()) {
                Some(subnet) => subnets.push(subnet.clone()),
                None => return Err(self.no_subnet(&SubnetChoice::Id(id.clone())).await?),
            }
        }
        let vpc = subnets.first().map(|first| first.vpc.clone());
        let vpc = vpc.unwrap_or_default();
        if let Some(other) = subnets.iter().find(|subnet| subnet.vpc != vpc) {
            let message = format!(
                "the subnets of a cluster are in one VPC, and these are not: {}",
                list(&subnets)
            );
            return Err(CloudError::new(Class::Input, message)
                .hint(format!("leave out {}, or name others of its VPC", other.id))
                .hint(self.list_subnets()));
        }
        let tables = self.route_tables(&vpc).await?;
        let tables = tables.as_deref();
        let all = subnets.iter().map(|subnet| converted(subnet, tables));
        all.collect()
    }

    async fn subnets(&self, filters: Vec<ec2::Filter>) -> Result<Vec<ec2::Subnet>, CloudError> {
        let listed = self.api.serve(DescribeSubnets { filters }).await;
        let mut found = listed.with_context(|| "list subnets".to_owned())?;
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }

    /// The error about a subnet that does not exist, with those that do.
    async fn no_subnet(&self, choice: &SubnetChoice) -> Result<CloudError, CloudError> {
        let region = &self.settings.region;
        let others = self.subnets(Vec::new()).await?;
        let others = if others.is_empty() {
            format!("{region} has no subnets")
        } else {
            format!("{region} has {}", list(&others))
        };
        let what = match choice {
            SubnetChoice::Tags(_) => format!("no subnet is {choice}"),
            SubnetChoice::Id(_) | SubnetChoice::AnyOf(_) => format!("there is no subnet {choice}"),
        };
        let message = shown::line(&format!("{what}: {others}"), 2_000);
        Ok(CloudError::new(Class::Input, message).hint(self.list_subnets()))
    }

    fn list_subnets(&self) -> Command {
        let region = &self.settings.region;
        Command::line(&format!("aws ec2 describe-subnets --region {region}"))
    }

    /// The route tables of a VPC; `None` without the permission to read them.
    async fn route_tables(&self, vpc: &str) -> Result<Option<Vec<RouteTable>>, CloudError> {
        let vpc = vpc.to_owned();
        match self.api.serve(DescribeRouteTables { vpc }).await {
            Err(error) if error.kind == Kind::Denied => Ok(None),
            tables => Ok(Some(
                tables.with_context(|| "list route tables".to_owned())?,
            )),
        }
    }
}

fn converted(one: &ec2::Subnet, tables: Option<&[RouteTable]>) -> Result<Subnet, CloudError> {
    let unread = || {
        let message = format!("EC2's description of subnet {} cannot be read", one.id);
        CloudError::new(Class::Failed, message)
    };
    Ok(Subnet {
        id: one.id.parse().map_err(|_| unread())?,
        vpc: one.vpc.parse().map_err(|_| unread())?,
        zone: shown::line(&one.zone, 40),
        public_addresses: one.public_addresses,
        routes: tables.and_then(|tables| routes(tables, &one.id)),
    })
}

/// The text as a filter's value that matches nothing else.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for sign in value.chars() {
        if matches!(sign, '*' | '?' | '\\') {
            escaped.push('\\');
        }
        escaped.push(sign);
    }
    escaped
}

fn list(subnets: &[ec2::Subnet]) -> String {
    let one = |subnet: &ec2::Subnet| {
        let name = subnet.tags.get("Name").map(|name| shown::line(name, 60));
        let name = name.map_or_else(String::new, |name| format!(" {name}"));
        format!("{}{name} ({}, {})", subnet.id, subnet.zone, subnet.vpc)
    };
    let mut listed: Vec<String> = subnets.iter().take(LISTED).map(one).collect();
    if subnets.len() > LISTED {
        listed.push(format!("and {} more", subnets.len() - LISTED));
    }
    listed.join(", ")
}

/// The routes of a subnet: those of its own table, or of the VPC's main one. `None` if neither is
/// listed.
fn routes(tables: &[RouteTable], subnet: &str) -> Option<Routes> {
    let own = |table: &&RouteTable| table.subnets.iter().any(|id| id == subnet);
    let table = tables.iter().find(own);
    let table = table.or_else(|| tables.iter().find(|table| table.is_main))?;
    let mut found = Routes::default();
    for route in &table.routes {
        let is_default = route.to == "0.0.0.0/0";
        if route.via.starts_with("igw-") {
            found.internet_gateway = true;
        } else if route.via.starts_with("vpce-") {
            found.endpoint = true;
        } else if is_default {
            found.other_way_out = true;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::ec2::Route;

    fn table(is_main: bool, subnets: &[&str], routes: &[(&str, &str)]) -> RouteTable {
        let route = |(to, via): &(&str, &str)| Route {
            to: (*to).to_owned(),
            via: (*via).to_owned(),
        };
        RouteTable {
            is_main,
            subnets: subnets.iter().map(|id| (*id).to_owned()).collect(),
            routes: routes.iter().map(route).collect(),
        }
    }

    #[test]
    fn a_subnet_without_a_table_of_its_own_has_the_main_one() {
        let main = table(
            true,
            &[],
            &[("10.0.0.0/16", "local"), ("0.0.0.0/0", "igw-1")],
        );
        let own = table(
            false,
            &["subnet-1", "subnet-2"],
            &[("0.0.0.0/0", "nat-1"), ("pl-1", "vpce-1")],
        );
        let tables = [own, main];
        let private = Routes {
            internet_gateway: false,
            other_way_out: true,
            endpoint: true,
        };
        let public = Routes {
            internet_gateway: true,
            ..Routes::default()
        };
        assert_eq!(routes(&tables, "subnet-2"), Some(private));
        assert_eq!(routes(&tables, "subnet-3"), Some(public));
        assert_eq!(routes(&tables[..1], "subnet-3"), None);
    }

    #[test]
    fn only_the_default_route_is_a_way_out() {
        for (to, via, expected) in [
            ("0.0.0.0/0", "nat-1", true),
            ("0.0.0.0/0", "tgw-1", true),
            ("0.0.0.0/0", "eni-1", true),
            ("10.1.0.0/16", "pcx-1", false),
            ("10.0.0.0/16", "local", false),
            ("::/0", "eigw-1", false),
        ] {
            let found = routes(&[table(true, &[], &[(to, via)])], "s").unwrap();
            assert_eq!(found.other_way_out, expected, "{to} {via}");
            assert!(!found.internet_gateway);
        }
    }

    #[test]
    fn wildcards_in_tags_are_escaped() {
        for (value, filter) in [
            ("emr", "emr"),
            ("*", "\\*"),
            ("a?b", "a\\?b"),
            ("\\", "\\\\"),
        ] {
            assert_eq!(escaped(value), filter);
        }
    }

    #[test]
    fn an_error_lists_ten_subnets() {
        let subnet = |n: u32| ec2::Subnet {
            id: format!("subnet-{n:08x}"),
            vpc: "vpc-1".to_owned(),
            zone: "us-east-1a".to_owned(),
            free_addresses: None,
            public_addresses: false,
            tags: [("Name".to_owned(), format!("n{n}"))].into(),
        };
        let all: Vec<_> = (0..12).map(subnet).collect();
        let text = list(&all);
        assert!(
            text.contains("subnet-00000009 n9 (us-east-1a, vpc-1)"),
            "{text}"
        );
        assert!(text.ends_with("and 2 more"), "{text}");
        assert!(!list(&all[..10]).contains("more"));
    }
}
