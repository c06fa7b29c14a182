//! AWS IAM: the roles that EMR and its instances assume.

use super::{call, service};

service! {
    GetRole, CreateRole, AttachRolePolicy, PutRolePolicy, GetRolePolicy, ListRolePolicies,
    ListAttachedRolePolicies, GetInstanceProfile, CreateInstanceProfile, AddRoleToInstanceProfile,
}

/// Reads a role. [`super::Kind::NotFound`] if it does not exist.
#[derive(Debug, Clone)]
pub struct GetRole {
    /// RoleName.
    pub name: String,
}
call!(GetRole, "iam:GetRole", reads, RoleArn, name);

/// A role's ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn(pub String);

/// Creates a role. [`super::Kind::Exists`] if the name is taken.
#[derive(Debug, Clone)]
pub struct CreateRole {
    /// RoleName.
    pub name: String,
    /// The trust policy in JSON: who may assume the role.
    pub trust: String,
}
call!(CreateRole, "iam:CreateRole", changes, (), name);

/// Attaches a managed policy to a role.
#[derive(Debug, Clone)]
pub struct AttachRolePolicy {
    /// RoleName.
    pub role: String,
    /// A managed policy's ARN.
    pub policy: String,
}
call!(
    AttachRolePolicy,
    "iam:AttachRolePolicy",
    changes,
    (),
    role,
    policy
);

/// Writes an inline policy of a role.
#[derive(Debug, Clone)]
pub struct PutRolePolicy {
    /// RoleName.
    pub role: String,
    /// PolicyName.
    pub name: String,
    /// In JSON.
    pub document: String,
}
call!(PutRolePolicy, "iam:PutRolePolicy", changes, (), role, name);

/// Reads an inline policy's document, in JSON.
#[derive(Debug, Clone)]
pub struct GetRolePolicy {
    /// RoleName.
    pub role: String,
    /// PolicyName.
    pub name: String,
}
call!(
    GetRolePolicy,
    "iam:GetRolePolicy",
    reads,
    String,
    role,
    name
);

/// Lists the names of a role's inline policies.
#[derive(Debug, Clone)]
pub struct ListRolePolicies {
    /// RoleName.
    pub role: String,
}
call!(
    ListRolePolicies,
    "iam:ListRolePolicies",
    reads,
    Vec<String>,
    role
);

/// Lists the ARNs of a role's managed policies.
#[derive(Debug, Clone)]
pub struct ListAttachedRolePolicies {
    /// RoleName.
    pub role: String,
}
call!(
    ListAttachedRolePolicies,
    "iam:ListAttachedRolePolicies",
    reads,
    Vec<String>,
    role
);

/// Lists the names of the roles in an instance profile.
#[derive(Debug, Clone)]
pub struct GetInstanceProfile {
    /// InstanceProfileName.
    pub name: String,
}
call!(
    GetInstanceProfile,
    "iam:GetInstanceProfile",
    reads,
    Vec<String>,
    name
);

/// Creates an instance profile. [`super::Kind::Exists`] if the name is taken.
#[derive(Debug, Clone)]
pub struct CreateInstanceProfile {
    /// InstanceProfileName.
    pub name: String,
}
call!(
    CreateInstanceProfile,
    "iam:CreateInstanceProfile",
    changes,
    (),
    name
);

/// Adds a role to an instance profile, which holds one at most ([`super::Kind::Exists`] if it has
/// one).
#[derive(Debug, Clone)]
pub struct AddRoleToInstanceProfile {
    /// InstanceProfileName.
    pub profile: String,
    /// RoleName.
    pub role: String,
}
call!(
    AddRoleToInstanceProfile,
    "iam:AddRoleToInstanceProfile",
    changes,
    (),
    profile,
    role
);
