//! IAM: roles, their policies, and profiles.

use super::refusal::Refusal;
use super::world::{Answer, State};
use super::{ACCOUNT, Settings};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::iam::{
    AddRoleToInstanceProfile, AttachRolePolicy, CreateInstanceProfile, CreateRole,
    GetInstanceProfile, GetRole, GetRolePolicy, ListAttachedRolePolicies, ListRolePolicies,
    PutRolePolicy, RoleArn,
};
use clusterup::cloud::rights::{Decision, Request, evaluate};
use std::collections::{BTreeMap, BTreeSet};

const SERVICE: &str = "EMR_DefaultRole";
const MACHINES: &str = "EMR_EC2_DefaultRole";
const REAPER: &str = "clusterup-reaper";

#[derive(Default)]
pub(super) struct Iam {
    /// Roles, with the ARNs of what is attached to them and the names of their inline policies, and
    /// their documents.
    pub(super) roles: BTreeMap<String, BTreeMap<String, String>>,
    /// Profiles, with their role.
    pub(super) profiles: BTreeMap<String, Option<String>>,
    /// ARNs of AWS's policies that can no longer be attached.
    pub(super) retired: BTreeSet<String>,
}

/// AWS's policies that anybody attaches here, and what they let a role do. The real ones for EMR
/// itself are longer, but its permissions are not simulated.
const MANAGED: [(&str, &str); 3] = [
    (
        "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole",
        EMRS,
    ),
    (
        "arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2",
        EMRS,
    ),
    (
        "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceforEC2Role",
        r#"{"Statement":{"Effect":"Allow","Action":["s3:*","ec2:Describe*"],"Resource":"*"}}"#,
    ),
];
const EMRS: &str = r#"{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#;
const ENDS: &str =
    r#"{"Statement":{"Effect":"Allow","Action":"elasticmapreduce:*","Resource":"*"}}"#;

impl Iam {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut iam = Self::default();
        if settings.reaper_role {
            let ends = ("end-clusters".to_owned(), ENDS.to_owned());
            iam.roles.insert(REAPER.to_owned(), BTreeMap::from([ends]));
        }
        if settings.default_roles {
            for (role, (policy, document)) in [(SERVICE, MANAGED[0]), (MACHINES, MANAGED[2])] {
                let policies = BTreeMap::from([(policy.to_owned(), document.to_owned())]);
                iam.roles.insert(role.to_owned(), policies);
            }
            let role = Some(MACHINES.to_owned());
            iam.profiles.insert(MACHINES.to_owned(), role);
        }
        iam
    }

    /// Whether a role of ours has this ARN.
    pub(super) fn has_arn(&self, arn: &str) -> bool {
        let ours = format!("arn:aws:iam::{ACCOUNT}:role/");
        let name = arn.strip_prefix(&ours);
        name.is_some_and(|name| self.roles.contains_key(name))
    }

    /// Whether a role may do something by its own policies.
    pub(super) fn permits(&self, role: &str, action: &str, resource: &str) -> bool {
        let who = &arn(role);
        let request = Request {
            who,
            action,
            resource,
        };
        let documents = self.roles.get(role).into_iter().flat_map(BTreeMap::values);
        let said: Vec<Decision> = documents.map(|it| evaluate(it, &request)).collect();
        said.contains(&Decision::Allow) && !said.contains(&Decision::Deny)
    }

    fn role(&mut self, name: &str) -> Result<&mut BTreeMap<String, String>, Refusal> {
        self.roles
            .get_mut(name)
            .ok_or_else(|| missing("role", name))
    }
}

pub(super) fn arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

fn missing(what: &str, name: &str) -> Refusal {
    let message = format!("The {what} with name {name} cannot be found.");
    Refusal::new(Kind::NotFound, "NoSuchEntity", message)
}

fn exists(what: &str, name: &str) -> Refusal {
    let message = format!("{what} with name {name} already exists.");
    Refusal::new(Kind::Exists, "EntityAlreadyExists", message)
}

fn well_formed(document: &str) -> Result<(), Refusal> {
    match serde_json::from_str::<serde_json::Value>(document) {
        Ok(value) if value.get("Statement").is_some() => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::new(
            Kind::Invalid,
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        )),
    }
}

impl Answer for GetRole {
    fn answer(self, state: &mut State) -> Result<RoleArn, Refusal> {
        state.iam.role(&self.name)?;
        Ok(RoleArn(arn(&self.name)))
    }
}

impl Answer for CreateRole {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        well_formed(&self.trust)?;
        if state.iam.roles.contains_key(&self.name) {
            return Err(exists("Role", &self.name));
        }
        state.iam.roles.insert(self.name, BTreeMap::new());
        Ok(())
    }
}

impl Answer for AttachRolePolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let policy = &self.policy;
        if !policy.starts_with("arn:") {
            let message = format!("ARN {policy} is not valid.");
            return Err(Refusal::new(Kind::Invalid, "InvalidInput", message));
        }
        let known = MANAGED.iter().find(|(arn, _)| arn == policy);
        let known = known.filter(|(arn, _)| !state.iam.retired.contains(*arn));
        let role = state.iam.role(&self.role)?;
        let Some((_, document)) = known else {
            let message = format!("Policy {policy} does not exist or is not attachable.");
            return Err(Refusal::new(Kind::NotFound, "NoSuchEntity", message));
        };
        role.insert(self.policy, (*document).to_owned());
        Ok(())
    }
}

impl Answer for PutRolePolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let role = state.iam.role(&self.role)?;
        well_formed(&self.document)?;
        role.insert(self.name, self.document);
        Ok(())
    }
}

impl Answer for GetRolePolicy {
    fn answer(self, state: &mut State) -> Result<String, Refusal> {
        let role = state.iam.role(&self.role)?;
        let document = role.get(&self.name).filter(|_| !is_managed(&self.name));
        document
            .cloned()
            .ok_or_else(|| missing("role policy", &self.name))
    }
}

impl Answer for ListRolePolicies {
    fn answer(self, state: &mut State) -> Result<Vec<String>, Refusal> {
        let names = state.iam.role(&self.role)?.keys();
        Ok(names.filter(|name| !is_managed(name)).cloned().collect())
    }
}

impl Answer for ListAttachedRolePolicies {
    fn answer(self, state: &mut State) -> Result<Vec<String>, Refusal> {
        let names = state.iam.role(&self.role)?.keys();
        Ok(names.filter(|name| is_managed(name)).cloned().collect())
    }
}

fn is_managed(name: &str) -> bool {
    name.starts_with("arn:")
}

impl Answer for GetInstanceProfile {
    fn answer(self, state: &mut State) -> Result<Vec<String>, Refusal> {
        let profile = state.iam.profiles.get(&self.name);
        let role = profile.ok_or_else(|| missing("instance profile", &self.name))?;
        Ok(role.iter().cloned().collect())
    }
}

impl Answer for CreateInstanceProfile {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        if state.iam.profiles.contains_key(&self.name) {
            return Err(exists("Instance Profile", &self.name));
        }
        state.iam.profiles.insert(self.name, None);
        Ok(())
    }
}

impl Answer for AddRoleToInstanceProfile {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.iam.role(&self.role)?;
        let profile = state.iam.profiles.get_mut(&self.profile);
        let role = profile.ok_or_else(|| missing("instance profile", &self.profile))?;
        if role.is_some() {
            return Err(Refusal::new(
                Kind::Exists,
                "LimitExceeded",
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            ));
        }
        *role = Some(self.role);
        Ok(())
    }
}
