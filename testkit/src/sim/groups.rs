//! EC2's security groups.

use super::ec2::{Fresh, UNSEEN_SECONDS, check_tags, passes, wrong};
use super::refusal::Refusal;
use super::subnets::DEFAULT_VPC;
use super::world::{Answer, State, ec2_id};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::ec2::{
    AuthorizeIngress, CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups, Group,
    GroupId, RevokeIngress, Rule,
};

pub(super) type SecurityGroup = Group;

const MOST_RULES: usize = 60;

/// Whether EC2 considers two rules equal: it ignores their descriptions.
fn same(one: &Rule, other: &Rule) -> bool {
    one.protocol == other.protocol && one.ports == other.ports && one.from == other.from
}

fn check_rule(rule: &Rule) -> Result<(), Refusal> {
    let has_ports = matches!(rule.protocol.as_str(), "tcp" | "udp");
    match rule.ports {
        Some((first, last)) if has_ports && first <= last => {}
        None if rule.protocol == "-1" => {}
        Some(_) | None => {
            let message = "Invalid value for portRange";
            return Err(wrong("InvalidParameterValue", message));
        }
    }
    check_words(&rule.description)
}

fn check_words(description: &str) -> Result<(), Refusal> {
    let allowed =
        |sign: char| sign.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(sign);
    if description.len() > 255 || !description.chars().all(allowed) {
        let message = "Invalid security group description";
        return Err(wrong("InvalidParameterValue", message));
    }
    Ok(())
}

impl State {
    fn group(&mut self, id: &str) -> Result<&mut Group, Refusal> {
        let group = self.ec2.groups.get_mut(id).map(|group| &mut group.it);
        group.ok_or_else(|| {
            let message = format!("The security group '{id}' does not exist");
            Refusal::new(Kind::NotFound, "InvalidGroup.NotFound", message)
        })
    }
}

impl Answer for DescribeSecurityGroups {
    fn answer(self, state: &mut State) -> Result<Vec<Group>, Refusal> {
        let mut found = Vec::new();
        for group in state.ec2.groups.values() {
            let it = &group.it;
            let fields = [
                ("group-name", it.name.as_str()),
                ("group-id", &it.id),
                ("vpc-id", &it.vpc),
            ];
            let passes = passes(&self.filters, &fields, &it.tags)?;
            if passes && group.seen_from <= state.now {
                found.push(group.it.clone());
            }
        }
        Ok(found)
    }
}

impl Answer for CreateSecurityGroup {
    fn answer(self, state: &mut State) -> Result<GroupId, Refusal> {
        check_tags(&self.tags)?;
        check_words(&self.description)?;
        if self.description.is_empty() {
            let message = "The request must contain the parameter GroupDescription";
            return Err(wrong("MissingParameter", message));
        }
        if self.name.is_empty() || self.name.len() > 255 || self.name.starts_with("sg-") {
            return Err(wrong("InvalidParameterValue", "Invalid group name"));
        }
        if self.vpc.is_none() && !state.settings.default_vpc {
            return Err(wrong("VPCIdNotSpecified", "No default VPC for this user"));
        }
        let vpc = self.vpc.unwrap_or_else(|| DEFAULT_VPC.to_owned());
        if !state.has_vpc(&vpc) {
            let message = format!("The vpc ID '{vpc}' does not exist");
            return Err(Refusal::new(
                Kind::NotFound,
                "InvalidVpcID.NotFound",
                message,
            ));
        }
        let there = |group: &Fresh<Group>| {
            group.it.vpc == vpc && group.it.name.eq_ignore_ascii_case(&self.name)
        };
        if state.ec2.groups.values().any(there) {
            let message = format!("The security group '{}' already exists", self.name);
            return Err(Refusal::new(
                Kind::Exists,
                "InvalidGroup.Duplicate",
                message,
            ));
        }
        let group = Group {
            id: ec2_id(&state.rng, "sg"),
            name: self.name,
            vpc,
            tags: self.tags,
            ingress: Vec::new(),
        };
        let id = group.id.clone();
        let seen_from = state.seen_from(UNSEEN_SECONDS);
        let group = Fresh {
            it: group,
            seen_from,
        };
        state.ec2.groups.insert(id.clone(), group);
        Ok(GroupId(id))
    }
}

impl Answer for AuthorizeIngress {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let group = state.group(&self.group)?;
        if self.rules.is_empty() {
            return Err(wrong("MissingParameter", "No permissions"));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            check_rule(rule)?;
            if self.rules[..index].iter().any(|other| same(rule, other)) {
                let message = "The same permission must not appear multiple times";
                return Err(wrong("InvalidParameterValue", message));
            }
            if group.ingress.iter().any(|other| same(rule, other)) {
                let message = format!("the specified rule for {} already exists", rule.from);
                return Err(Refusal::new(
                    Kind::Exists,
                    "InvalidPermission.Duplicate",
                    message,
                ));
            }
        }
        if group.ingress.len() + self.rules.len() > MOST_RULES {
            let message = "The maximum number of rules per security group has been reached.";
            return Err(wrong("RulesPerSecurityGroupLimitExceeded", message));
        }
        group.ingress.extend(self.rules);
        Ok(())
    }
}

impl Answer for RevokeIngress {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        // In the default network, EC2 ignores rules that do not exist.
        let gone = |rule: &Rule| self.rules.iter().any(|other| same(rule, other));
        state.group(&self.group)?.ingress.retain(|rule| !gone(rule));
        Ok(())
    }
}

impl Answer for DeleteSecurityGroup {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.group(&self.id)?;
        let now = state.now;
        if state
            .clusters
            .values()
            .any(|cluster| cluster.holds(&self.id, now))
        {
            let message = format!("resource {} has a dependent object", self.id);
            return Err(Refusal::new(Kind::InUse, "DependencyViolation", message));
        }
        state.ec2.groups.remove(&self.id);
        Ok(())
    }
}
