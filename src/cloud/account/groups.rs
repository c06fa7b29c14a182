//! Security groups of a stack. A rule for `caller` says in its description whose it is, so that
//! each machine moves its own and nobody else's.

use super::Account;
use super::errors::{Doing, gone};
use super::names::{self, NAME};
use super::seen::Seen;
use crate::cloud::api::ec2::{
    AuthorizeIngress, CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups, Filter,
    Group, RevokeIngress, Rule,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::cidr::Cidr;
use crate::model::event::{Event, Listener};
use crate::model::name::{GroupName, StackName};
use crate::model::stack::{Ingress, IngressSource, SecurityGroup};
use std::time::Duration;

const CALLER: &str = "clusterup caller ";
const RANGE: &str = "clusterup";
/// What was just made may not be there for every server of EC2 (EC2 API, eventual consistency).
const SETTLING: [u64; 5] = [1, 2, 4, 8, 16];
/// The interfaces of a terminated cluster hold its groups for a while.
const DRAINING: [u64; 9] = [2, 4, 8, 15, 30, 30, 60, 60, 90];

impl<A: Api> Account<A> {
    /// This machine's addresses where a rule of ours needs them; none where they cannot be told.
    pub(super) async fn addresses(&self) -> Option<Vec<Cidr>> {
        let seen = self.seen.borrow();
        let mut rules = seen.groups.values().flat_map(|group| &group.ingress);
        if rules.any(|rule| self.is_own(rule)) {
            self.caller().ok()
        } else {
            None
        }
    }

    fn is_own(&self, rule: &Rule) -> bool {
        rule.description == self.own_mark()
    }

    fn own_mark(&self) -> String {
        format!("{CALLER}{}", names::value(&self.settings.who))
    }

    pub(super) fn seen_groups(
        &self,
        seen: &Seen,
        addresses: Option<&[Cidr]>,
    ) -> Vec<SecurityGroup> {
        let group = |(name, group): (&GroupName, &Group)| SecurityGroup {
            name: name.clone(),
            ingress: self.ingress(&group.ingress, addresses),
        };
        seen.groups.iter().map(group).collect()
    }

    /// The rules as a stack says them. Rules of other callers are theirs; a rule of ours for an
    /// address that is no longer ours is a range that no stack names.
    fn ingress(&self, rules: &[Rule], addresses: Option<&[Cidr]>) -> Vec<Ingress> {
        let mut ingress = Vec::new();
        for rule in rules {
            let port = match rule.ports {
                Some((first, last)) if first == last && rule.protocol == "tcp" => first,
                // No stack opens such a thing: port 0 stands for it.
                _ => 0,
            };
            let current = addresses.is_none_or(|own| own.contains(&rule.from));
            if self.is_own(rule) && current {
                let whole = addresses.is_none_or(|own| {
                    own.iter()
                        .all(|from| has(rules, rule, *from, &self.own_mark()))
                });
                ingress.extend(whole.then_some(Ingress {
                    port,
                    from: IngressSource::Caller,
                }));
            } else if self.is_own(rule) || !rule.description.starts_with(CALLER) {
                ingress.push(Ingress {
                    port,
                    from: IngressSource::Range(rule.from),
                });
            }
        }
        ingress.sort();
        ingress.dedup();
        ingress
    }

    /// The rules that a group is to have from us.
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
                IngressSource::Range(range) => rules.push(rule(*range, RANGE.to_owned())),
                IngressSource::Caller => {
                    let own = self.caller()?.into_iter();
                    rules.extend(own.map(|from| rule(from, self.own_mark())));
                }
            }
        }
        rules.sort_by(|a, b| (&a.ports, a.from).cmp(&(&b.ports, b.from)));
        // EC2 knows one rule for a port and a range, whatever it is described as.
        rules.dedup_by(|a, b| (a.ports, a.from) == (b.ports, b.from));
        Ok(rules)
    }

    pub(super) async fn create_group(
        &self,
        stack: &StackName,
        group: &SecurityGroup,
    ) -> Result<(), CloudError> {
        let wanted = self.wanted(group)?;
        let (name, mut tags) = (names::ec2(stack, group.name.as_str()), self.tags(stack));
        tags.insert(NAME.to_owned(), group.name.to_string());
        let call = CreateSecurityGroup {
            name: name.clone(),
            description: format!("{} of stack {stack}, made by clusterup", group.name),
            tags: tags.clone(),
        };
        let made = match self.api.serve(call).await {
            Err(error) if error.kind == Kind::Exists => self.adopt_group(stack, &name).await?,
            made => {
                let id = made.doing(|| format!("make security group {name}"))?.0;
                Group {
                    id,
                    name,
                    tags,
                    ingress: Vec::new(),
                }
            }
        };
        self.seen
            .borrow_mut()
            .groups
            .insert(group.name.clone(), made.clone());
        self.open(&made, wanted).await
    }

    /// A group of that name which this stack made, in a run that was cut off.
    async fn adopt_group(&self, stack: &StackName, name: &str) -> Result<Group, CloudError> {
        let filters = vec![Filter {
            name: "group-name".to_owned(),
            values: vec![name.to_owned()],
        }];
        let mut found = Vec::new();
        for pause in SETTLING {
            let call = DescribeSecurityGroups {
                filters: filters.clone(),
            };
            let listed = self.api.serve(call).await;
            found = listed.doing(|| format!("look at security group {name}"))?;
            if !found.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
        let ours = |group: &Group| {
            group
                .tags
                .get(names::STACK)
                .is_some_and(|of| of == stack.as_str())
        };
        found.into_iter().find(ours).ok_or_else(|| {
            let message =
                format!("a security group {name} is there, and stack {stack} did not make it");
            CloudError::new(Class::Input, message).hint("give the group another name in the stack")
        })
    }

    pub(super) async fn update_group(&self, group: &SecurityGroup) -> Result<(), CloudError> {
        let there = self.seen.borrow().groups.get(&group.name).cloned();
        let Some(there) = there else { return Ok(()) };
        self.open(&there, self.wanted(group)?).await
    }

    /// Adds what lacks, then removes what nobody is to have.
    async fn open(&self, group: &Group, wanted: Vec<Rule>) -> Result<(), CloudError> {
        let same =
            |a: &Rule, b: &Rule| (&a.protocol, a.ports, a.from) == (&b.protocol, b.ports, b.from);
        let lacks = |rule: &&Rule| !group.ingress.iter().any(|there| same(there, rule));
        let rules: Vec<Rule> = wanted.iter().filter(lacks).cloned().collect();
        self.authorize(&group.id, rules).await?;
        let others = |rule: &Rule| rule.description.starts_with(CALLER) && !self.is_own(rule);
        let stale = |rule: &&Rule| !wanted.iter().any(|want| same(want, rule)) && !others(rule);
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
        gone(revoked).doing(|| format!("close what {} has open", group.name))
    }

    async fn authorize(&self, group: &str, rules: Vec<Rule>) -> Result<(), CloudError> {
        if rules.is_empty() {
            return Ok(());
        }
        match self.authorize_settled(group, rules.clone()).await {
            // One of them is there and so none was added: one by one.
            Err(error) if error.kind == Kind::Exists => {
                for rule in rules {
                    match self.authorize_settled(group, vec![rule]).await {
                        Err(error) if error.kind == Kind::Exists => {}
                        reply => reply.doing(|| format!("open {group}"))?,
                    }
                }
                Ok(())
            }
            reply => reply.doing(|| format!("open {group}")),
        }
    }

    async fn authorize_settled(&self, group: &str, rules: Vec<Rule>) -> Result<(), ApiError> {
        let call = AuthorizeIngress {
            group: group.to_owned(),
            rules,
        };
        for pause in SETTLING {
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
        hear: &dyn Listener,
    ) -> Result<(), CloudError> {
        let id = self
            .seen
            .borrow()
            .groups
            .get(name)
            .map(|group| group.id.clone());
        let Some(id) = id else { return Ok(()) };
        let call = DeleteSecurityGroup { id };
        for pause in DRAINING {
            match self.api.serve(call.clone()).await {
                Err(error) if error.kind == Kind::InUse => {
                    hear.hear(&Event::Progress {
                        what: format!("waiting until AWS lets go of security group {name}"),
                        done: 0,
                        total: 0,
                    });
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
                reply => {
                    gone(reply).doing(|| format!("delete security group {name}"))?;
                    self.seen.borrow_mut().groups.remove(name);
                    return Ok(());
                }
            }
        }
        let message = format!("security group {name} is still used by something");
        Err(CloudError::new(Class::Failed, message)
            .hint("see in the EC2 console which interface has it, and run destroy again"))
    }

    /// Moves the rules that we made for this machine to where it is now; the ports that moved.
    pub(super) async fn move_rules(&self) -> Result<Vec<u16>, CloudError> {
        let groups: Vec<Group> = self.seen.borrow().groups.values().cloned().collect();
        let mut moved = Vec::new();
        for group in groups {
            let own: Vec<&Rule> = group
                .ingress
                .iter()
                .filter(|rule| self.is_own(rule))
                .collect();
            if own.is_empty() {
                continue;
            }
            let now = self.caller()?;
            if own.iter().all(|rule| now.contains(&rule.from)) {
                continue;
            }
            moved.extend(own.iter().filter_map(|rule| Some(rule.ports?.0)));
            let at = |rule: &Rule, from: Cidr| Rule {
                from,
                ..rule.clone()
            };
            let mut wanted: Vec<Rule> = group
                .ingress
                .iter()
                .filter(|r| !self.is_own(r))
                .cloned()
                .collect();
            wanted.extend(
                own.iter()
                    .flat_map(|rule| now.iter().map(|from| at(rule, *from))),
            );
            self.open(&group, wanted).await?;
        }
        moved.sort_unstable();
        moved.dedup();
        Ok(moved)
    }
}

/// Whether a rule like `rule` is there for another address.
fn has(rules: &[Rule], rule: &Rule, from: Cidr, mark: &str) -> bool {
    let like = |other: &Rule| {
        (&other.protocol, other.ports, other.from) == (&rule.protocol, rule.ports, from)
            && other.description == mark
    };
    rules.iter().any(like)
}
