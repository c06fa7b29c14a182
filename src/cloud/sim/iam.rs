//! IAM: roles, their policies, and profiles.

use super::no::No;
use super::world::{Answer, State};
use super::{ACCOUNT, Settings};
use crate::cloud::api::Kind;
use crate::cloud::api::iam::{
    AddRoleToInstanceProfile, AttachRolePolicy, CreateInstanceProfile, CreateRole,
    GetInstanceProfile, GetRole, PutRolePolicy, RoleArn,
};
use std::collections::{BTreeMap, BTreeSet};

const SERVICE: &str = "EMR_DefaultRole";
const MACHINES: &str = "EMR_EC2_DefaultRole";
const REAPER: &str = "clusterup-reaper";

#[derive(Default)]
pub(super) struct Iam {
    /// Roles, with the ARNs of what is attached to them and the names of their inline policies.
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
    /// Profiles, with their role.
    pub(super) profiles: BTreeMap<String, Option<String>>,
}

impl Iam {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut iam = Self::default();
        if settings.reaper_role {
            iam.roles.insert(REAPER.to_owned(), BTreeSet::new());
        }
        if settings.default_roles {
            iam.roles.insert(SERVICE.to_owned(), BTreeSet::new());
            iam.roles.insert(MACHINES.to_owned(), BTreeSet::new());
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

    fn role(&mut self, name: &str) -> Result<&mut BTreeSet<String>, No> {
        self.roles
            .get_mut(name)
            .ok_or_else(|| missing("role", name))
    }
}

fn missing(what: &str, name: &str) -> No {
    let message = format!("The {what} with name {name} cannot be found.");
    No::new(Kind::NotFound, "NoSuchEntity", message)
}

fn exists(what: &str, name: &str) -> No {
    let message = format!("{what} with name {name} already exists.");
    No::new(Kind::Exists, "EntityAlreadyExists", message)
}

fn well_formed(document: &str) -> Result<(), No> {
    match serde_json::from_str::<serde_json::Value>(document) {
        Ok(value) if value.get("Statement").is_some() => Ok(()),
        Ok(_) | Err(_) => Err(No::new(
            Kind::Invalid,
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        )),
    }
}

impl Answer for GetRole {
    fn answer(self, state: &mut State) -> Result<RoleArn, No> {
        state.iam.role(&self.name)?;
        let name = self.name;
        Ok(RoleArn(format!("arn:aws:iam::{ACCOUNT}:role/{name}")))
    }
}

impl Answer for CreateRole {
    fn answer(self, state: &mut State) -> Result<(), No> {
        well_formed(&self.trust)?;
        if state.iam.roles.contains_key(&self.name) {
            return Err(exists("Role", &self.name));
        }
        state.iam.roles.insert(self.name, BTreeSet::new());
        Ok(())
    }
}

impl Answer for AttachRolePolicy {
    fn answer(self, state: &mut State) -> Result<(), No> {
        let role = state.iam.role(&self.role)?;
        if !self.policy.starts_with("arn:") {
            let message = format!("ARN {} is not valid.", self.policy);
            return Err(No::new(Kind::Invalid, "InvalidInput", message));
        }
        role.insert(self.policy);
        Ok(())
    }
}

impl Answer for PutRolePolicy {
    fn answer(self, state: &mut State) -> Result<(), No> {
        let role = state.iam.role(&self.role)?;
        well_formed(&self.document)?;
        role.insert(self.name);
        Ok(())
    }
}

impl Answer for GetInstanceProfile {
    fn answer(self, state: &mut State) -> Result<Vec<String>, No> {
        let profile = state.iam.profiles.get(&self.name);
        let role = profile.ok_or_else(|| missing("instance profile", &self.name))?;
        Ok(role.iter().cloned().collect())
    }
}

impl Answer for CreateInstanceProfile {
    fn answer(self, state: &mut State) -> Result<(), No> {
        if state.iam.profiles.contains_key(&self.name) {
            return Err(exists("Instance Profile", &self.name));
        }
        state.iam.profiles.insert(self.name, None);
        Ok(())
    }
}

impl Answer for AddRoleToInstanceProfile {
    fn answer(self, state: &mut State) -> Result<(), No> {
        state.iam.role(&self.role)?;
        let profile = state.iam.profiles.get_mut(&self.profile);
        let role = profile.ok_or_else(|| missing("instance profile", &self.profile))?;
        if role.is_some() {
            return Err(No::new(
                Kind::Exists,
                "LimitExceeded",
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            ));
        }
        *role = Some(self.role);
        Ok(())
    }
}
