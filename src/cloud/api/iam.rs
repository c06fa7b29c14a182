//! AWS IAM: the roles that EMR and its machines take.

use super::call;

#[derive(Debug, Clone)]
pub struct GetRole {
    pub name: String,
}
call!(GetRole, "iam:GetRole", reads, RoleArn, name);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn(pub String);

#[derive(Debug, Clone)]
pub struct CreateRole {
    pub name: String,
    /// Who may take it: a policy document in JSON.
    pub trust: String,
}
call!(CreateRole, "iam:CreateRole", changes, (), name);

#[derive(Debug, Clone)]
pub struct AttachRolePolicy {
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

/// An inline policy, made or replaced.
#[derive(Debug, Clone)]
pub struct PutRolePolicy {
    pub role: String,
    pub name: String,
    /// In JSON.
    pub document: String,
}
call!(PutRolePolicy, "iam:PutRolePolicy", changes, (), role, name);

/// An inline policy's document, in JSON.
#[derive(Debug, Clone)]
pub struct GetRolePolicy {
    pub role: String,
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

/// The names of a role's inline policies.
#[derive(Debug, Clone)]
pub struct ListRolePolicies {
    pub role: String,
}
call!(
    ListRolePolicies,
    "iam:ListRolePolicies",
    reads,
    Vec<String>,
    role
);

/// The ARNs of the managed policies that are attached to a role.
#[derive(Debug, Clone)]
pub struct ListAttachedRolePolicies {
    pub role: String,
}
call!(
    ListAttachedRolePolicies,
    "iam:ListAttachedRolePolicies",
    reads,
    Vec<String>,
    role
);

/// The names of the roles in it.
#[derive(Debug, Clone)]
pub struct GetInstanceProfile {
    pub name: String,
}
call!(
    GetInstanceProfile,
    "iam:GetInstanceProfile",
    reads,
    Vec<String>,
    name
);

#[derive(Debug, Clone)]
pub struct CreateInstanceProfile {
    pub name: String,
}
call!(
    CreateInstanceProfile,
    "iam:CreateInstanceProfile",
    changes,
    (),
    name
);

/// A profile holds one role ([`super::Kind::Exists`] where it has one).
#[derive(Debug, Clone)]
pub struct AddRoleToInstanceProfile {
    pub profile: String,
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
