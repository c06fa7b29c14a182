//! Security groups of a stack. The description of a `from: caller` rule names the machine it is
//! for, so that each machine changes only its own rules.

use super::Account;
use super::errors::{Context, gone};
use super::last_observation::LastObservation;
use super::names::{self, NAME, VPC};
use super::network;
use super::observe::filter;
use crate::cloud::api::ec2::{
    AuthorizeIngress, CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups, Group,
    RevokeIngress, Rule,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::cidr::Cidr;
use crate::model::event::Listener;
use crate::model::name::{GroupName, StackName, VpcId};
use crate::model::stack::{Ingress, IngressSource, SecurityGroup};
use std::time::Duration;

const CALLER: &str = "clusterup caller ";
/// EC2's code of a group that names no VPC, where there is no default VPC (EC2 API, error codes).
const NO_VPC: &str = "VPCIdNotSpecified";
const RANGE: &str = "clusterup";
/// Seconds between attempts while a new group may be unknown to some servers of EC2 (EC2 API,
/// eventual consistency).
const VISIBILITY_PAUSES: [u64; 5] = [1, 2, 4, 8, 16];
/// Seconds between attempts while the network interfaces of a terminated cluster still use its
/// groups.
const DRAINING: [u64; 9] = [2, 4, 8, 15, 30, 30, 60, 60, 90];

impl<A: Api> Account<A> {
    /// This machine's addresses, if a rule may be for one of them; `None` if they cannot be
    /// determined.
    pub(super) async fn addresses(&self) -> Option<Vec<Cidr>> {
        let observed = self.observed.borrow();
        let mut rules = observed.groups.values().flat_map(|group| &group.ingress);
        if rules.any(|rule| single_port(rule).is_some() && rule.from.is_host()) {
            self.caller().ok()
        } else {
            None
        }
    }

    pub(super) fn is_own(&self, rule: &Rule) -> bool {
        is_caller_rule(rule) && rule.description == self.own_mark()
    }

    fn is_others(&self, rule: &Rule) -> bool {
        is_caller_rule(rule) && rule.description != self.own_mark()
    }

    fn own_mark(&self) -> String {
        format!("{CALLER}{}", names::value(&self.settings.who))
    }

    pub(super) fn observed_groups(
        &self,
        observed: &LastObservation,
        addresses: Option<&[Cidr]>,
    ) -> Vec<SecurityGroup> {
        let group = |(name, group): (&GroupName, &Group)| SecurityGroup {
            name: name.clone(),
            ingress: ingress(&group.ingress, addresses, &self.own_mark()),
            vpc: named_vpc(group),
        };
        observed.groups.iter().map(group).collect()
    }

    /// The rules that clusterup gives a group.
    fn wanted(&self, group: &SecurityGroup) -> Result<Vec<Rule>, CloudError> {
        let mut rules = Vec::new();
        for Ingress { port, from } in &group.ingress {
            let rule = |from: Cidr, description: String| Rule {
                protocol: "tcp".to_owned(),
                ports: Some((*port, *port)),
                from,
                description,
            };
            match from {
                IngressSource::Range(range)
                | IngressSource::Here(range)
                | IngressSource::Other(range) => rules.push(rule(*range, RANGE.to_owned())),
                IngressSource::Caller => {
                    let own = self.caller()?.into_iter();
                    rules.extend(own.map(|from| rule(from, self.own_mark())));
                }
            }
        }
        rules.sort_by(|a, b| (&a.ports, a.from).cmp(&(&b.ports, b.from)));
        // EC2 allows one rule for a port and a range, whatever its description.
        rules.dedup_by(|a, b| (a.ports, a.from) == (b.ports, b.from));
        Ok(rules)
    }

    pub(super) async fn create_group(
        &self,
        stack: &StackName,
        group: &SecurityGroup,
    ) -> Result<(), CloudError> {
        let wanted = self.wanted(group)?;
        let name = names::ec2(stack, group.name.as_str());
        let mut tags = self.tags(stack);
        tags.insert(NAME.to_owned(), group.name.to_string());
        let vpc = group.vpc.as_ref().map(ToString::to_string);
        tags.extend(vpc.clone().map(|vpc| (VPC.to_owned(), vpc)));
        let call = CreateSecurityGroup {
            name: name.clone(),
            // EC2 allows 255 characters, and the group's name alone may use them up.
            description: format!("of stack {stack}, made by clusterup"),
            vpc: vpc.clone(),
            tags: tags.clone(),
        };
        let made = match self.api.serve(call).await {
            Err(error) if error.kind == Kind::Exists => {
                self.adopt_group(stack, &name, vpc.as_deref()).await?
            }
            Err(error) if error.code.as_deref() == Some(NO_VPC) => {
                return Err(network::missing(&self.settings.region).caused_by(error));
            }
            made => {
                let id = made
                    .with_context(|| format!("create security group {name}"))?
                    .0;
                Group {
                    id,
                    name,
                    vpc: vpc.unwrap_or_default(),
                    tags,
                    ingress: Vec::new(),
                }
            }
        };
        self.observed
            .borrow_mut()
            .groups
            .insert(group.name.clone(), made.clone());
        self.open(&made, wanted).await
    }

    /// Finds a group of that name that this stack created in an interrupted run.
    async fn adopt_group(
        &self,
        stack: &StackName,
        name: &str,
        vpc: Option<&str>,
    ) -> Result<Group, CloudError> {
        let mut filters = vec![filter("group-name", name)];
        filters.extend(vpc.map(|vpc| filter("vpc-id", vpc)));
        let mut found = Vec::new();
        for pause in VISIBILITY_PAUSES {
            let call = DescribeSecurityGroups {
                filters: filters.clone(),
            };
            let listed = self.api.serve(call).await;
            found = listed.with_context(|| format!("describe security group {name}"))?;
            if !found.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
        // A group of the same name may be in the VPC of a subnet that the stack named earlier.
        let ours = |group: &Group| {
            let of_stack = group
                .tags
                .get(names::STACK)
                .is_some_and(|of| of == stack.as_str());
            of_stack && (vpc.is_some() || named_vpc(group).is_none())
        };
        found.into_iter().find(ours).ok_or_else(|| {
            let message =
                format!("a security group {name} exists, and stack {stack} did not create it");
            CloudError::new(Class::Input, message).hint("give the group another name in the stack")
        })
    }

    pub(super) async fn update_group(&self, group: &SecurityGroup) -> Result<(), CloudError> {
        let existing = self.observed.borrow().groups.get(&group.name).cloned();
        let Some(existing) = existing else {
            return Ok(());
        };
        self.open(&existing, self.wanted(group)?).await
    }

    /// Adds missing rules, then removes those that are neither wanted nor another machine's.
    pub(super) async fn open(&self, group: &Group, wanted: Vec<Rule>) -> Result<(), CloudError> {
        let same =
            |a: &Rule, b: &Rule| (&a.protocol, a.ports, a.from) == (&b.protocol, b.ports, b.from);
        let missing = |rule: &&Rule| !group.ingress.iter().any(|other| same(other, rule));
        let rules: Vec<Rule> = wanted.iter().filter(missing).cloned().collect();
        self.authorize(&group.id, rules).await?;
        let is_wanted = |rule: &Rule| wanted.iter().any(|want| same(want, rule));
        let stale = |rule: &&Rule| !is_wanted(rule) && !self.is_others(rule);
        let rules: Vec<Rule> = group.ingress.iter().filter(stale).cloned().collect();
        if rules.is_empty() {
            return Ok(());
        }
        let revoked = self
            .api
            .serve(RevokeIngress {
                group: group.id.clone(),
                rules,
            })
            .await;
        gone(revoked).with_context(|| format!("remove rules of security group {}", group.name))
    }

    async fn authorize(&self, group: &str, rules: Vec<Rule>) -> Result<(), CloudError> {
        if rules.is_empty() {
            return Ok(());
        }
        match self.authorize_visible(group, rules.clone()).await {
            // One of them exists, so AWS added none: add them one by one.
            Err(error) if error.kind == Kind::Exists => {
                for rule in rules {
                    match self.authorize_visible(group, vec![rule]).await {
                        Err(error) if error.kind == Kind::Exists => {}
                        reply => reply.with_context(|| format!("add a rule to {group}"))?,
                    }
                }
                Ok(())
            }
            reply => reply.with_context(|| format!("add rules to {group}")),
        }
    }

    async fn authorize_visible(&self, group: &str, rules: Vec<Rule>) -> Result<(), ApiError> {
        let call = AuthorizeIngress {
            group: group.to_owned(),
            rules,
        };
        for pause in VISIBILITY_PAUSES {
            match self.api.serve(call.clone()).await {
                Err(error) if error.kind == Kind::NotFound => {
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
                reply => return reply,
            }
        }
        self.api.serve(call).await
    }

    pub(super) async fn delete_group(
        &self,
        name: &GroupName,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let id = self
            .observed
            .borrow()
            .groups
            .get(name)
            .map(|group| group.id.clone());
        let Some(id) = id else { return Ok(()) };
        let call = DeleteSecurityGroup { id };
        for pause in DRAINING {
            match self.api.serve(call.clone()).await {
                Err(error) if error.kind == Kind::InUse => {
                    listener.on_wait(format!("waiting until AWS releases security group {name}"));
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
                reply => {
                    gone(reply).with_context(|| format!("delete security group {name}"))?;
                    self.observed.borrow_mut().groups.remove(name);
                    return Ok(());
                }
            }
        }
        let message = format!("security group {name} is still in use");
        Err(CloudError::new(Class::Failed, message)
            .hint("see in the EC2 console which interface uses it, and run destroy again"))
    }
}

/// The VPC of a group that was created for a named subnet; `None` for one in the default VPC.
pub(super) fn named_vpc(group: &Group) -> Option<VpcId> {
    let is_named = group.tags.contains_key(VPC);
    is_named.then(|| group.vpc.parse().ok()).flatten()
}

/// The port of a rule, if a stack can express it: one port of TCP.
fn single_port(rule: &Rule) -> Option<u16> {
    let (first, last) = rule.ports?;
    (first == last && rule.protocol == "tcp").then_some(first)
}

/// Whether a rule is for one machine's address. The description alone is no proof.
fn is_caller_rule(rule: &Rule) -> bool {
    single_port(rule).is_some() && rule.from.is_host() && rule.description.starts_with(CALLER)
}

/// Converts rules to a stack's terms, for a machine with these `addresses` whose own rules have the
/// description `mark`. Rules of other callers are kept as theirs. One of ours for an address that
/// is no longer ours is a range that no stack names.
fn ingress(rules: &[Rule], addresses: Option<&[Cidr]>, mark: &str) -> Vec<Ingress> {
    let mut ingress = Vec::new();
    for rule in rules {
        // Port 0 stands for a rule that no stack can express.
        let port = single_port(rule).unwrap_or(0);
        let ours = is_caller_rule(rule) && rule.description == mark;
        let here = match addresses {
            Some(own) => port != 0 && own.contains(&rule.from),
            None => ours,
        };
        let from = if is_caller_rule(rule) && !ours {
            IngressSource::Other(rule.from)
        } else if here {
            IngressSource::Here(rule.from)
        } else {
            IngressSource::Range(rule.from)
        };
        ingress.push(Ingress { port, from });
        // EC2 has one rule for a port and a range, so any rule for our address serves us.
        let open = |from: &Cidr| {
            let mut rules = rules.iter();
            rules.any(|rule| single_port(rule) == Some(port) && rule.from == *from)
        };
        if here && addresses.is_none_or(|own| own.iter().all(open)) {
            let from = IngressSource::Caller;
            ingress.push(Ingress { port, from });
        }
    }
    ingress.sort();
    ingress.dedup();
    ingress
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = "clusterup caller me@here";
    const THEIRS: &str = "clusterup caller ada@there";

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn rule(from: &str, description: &str) -> Rule {
        Rule {
            protocol: "tcp".to_owned(),
            ports: Some((22, 22)),
            from: cidr(from),
            description: description.to_owned(),
        }
    }

    fn observed(rules: &[Rule], own: &[&str]) -> Vec<IngressSource> {
        let own: Vec<Cidr> = own.iter().map(|from| cidr(from)).collect();
        let observed = ingress(rules, Some(&own), MINE);
        observed.into_iter().map(|ingress| ingress.from).collect()
    }

    #[test]
    fn any_rule_for_our_address_counts_as_ours() {
        let us = "203.0.113.7/32";
        for (description, as_range) in [
            (MINE, IngressSource::Here(cidr(us))),
            (RANGE, IngressSource::Here(cidr(us))),
            ("by hand", IngressSource::Here(cidr(us))),
            (THEIRS, IngressSource::Other(cidr(us))),
        ] {
            let observed = observed(&[rule(us, description)], &[us]);
            assert_eq!(observed, [IngressSource::Caller, as_range]);
        }
    }

    #[test]
    fn all_of_our_addresses_need_a_rule() {
        let v4 = "203.0.113.7/32";
        let v6 = "2001:db8::7/128";
        let half = [rule(v4, THEIRS)];
        assert_eq!(observed(&half, &[v4, v6]), [IngressSource::Other(cidr(v4))]);
        let both = [rule(v4, THEIRS), rule(v6, MINE)];
        assert_eq!(observed(&both, &[v4, v6])[0], IngressSource::Caller);
    }

    #[test]
    fn a_caller_rule_is_one_port_and_one_address() {
        let wide = rule("192.0.2.0/24", THEIRS);
        let udp = Rule {
            protocol: "udp".to_owned(),
            ..rule("192.0.2.9/32", THEIRS)
        };
        let many = Rule {
            ports: Some((1, 65_535)),
            ..rule("192.0.2.9/32", THEIRS)
        };
        for rule in [wide, udp, many] {
            assert_eq!(
                observed(std::slice::from_ref(&rule), &["203.0.113.7/32"]),
                [IngressSource::Range(rule.from)]
            );
        }
    }

    #[test]
    fn a_rule_for_an_earlier_address_is_a_range() {
        let observed = observed(&[rule("203.0.113.7/32", MINE)], &["203.0.113.99/32"]);
        assert_eq!(observed, [IngressSource::Range(cidr("203.0.113.7/32"))]);
    }
}
