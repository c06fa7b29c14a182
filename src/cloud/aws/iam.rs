//! AWS IAM through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete};
use super::serve_empty::serve_empty;
use crate::cloud::api::iam::{
    AddRoleToInstanceProfile, AttachRolePolicy, CreateInstanceProfile, CreateRole,
    GetInstanceProfile, GetRole, GetRolePolicy, ListAttachedRolePolicies, ListRolePolicies,
    PutRolePolicy, RoleArn,
};
use crate::cloud::api::{ApiError, Kind, Serve};

impl Serve<GetRole> for Sdk {
    async fn serve(&self, call: GetRole) -> Result<RoleArn, ApiError> {
        let reply = self.iam.get_role().role_name(call.name).send().await;
        let reply = reply.map_err(from_sdk::<GetRole, _>)?;
        let role = reply
            .role
            .ok_or_else(|| incomplete::<GetRole>("the role"))?;
        Ok(RoleArn(role.arn))
    }
}

serve_empty!(CreateRole, |sdk, call| sdk
    .iam
    .create_role()
    .role_name(call.name)
    .assume_role_policy_document(call.trust));

serve_empty!(AttachRolePolicy, |sdk, call| sdk
    .iam
    .attach_role_policy()
    .role_name(call.role)
    .policy_arn(call.policy));

serve_empty!(PutRolePolicy, |sdk, call| sdk
    .iam
    .put_role_policy()
    .role_name(call.role)
    .policy_name(call.name)
    .policy_document(call.document));

impl Serve<GetRolePolicy> for Sdk {
    async fn serve(&self, call: GetRolePolicy) -> Result<String, ApiError> {
        let reply = self
            .iam
            .get_role_policy()
            .role_name(call.role)
            .policy_name(call.name)
            .send()
            .await
            .map_err(from_sdk::<GetRolePolicy, _>)?;
        Ok(plain(&reply.policy_document))
    }
}

/// Decodes a document: IAM returns it URL-encoded (RFC 3986; IAM API, GetRolePolicy).
fn plain(document: &str) -> String {
    let mut plain = Vec::new();
    let mut rest = document.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &others[2..];
            }
            None => {
                plain.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

impl Serve<ListRolePolicies> for Sdk {
    async fn serve(&self, call: ListRolePolicies) -> Result<Vec<String>, ApiError> {
        // A role has a few policies, and a page a hundred.
        let reply = self.iam.list_role_policies().role_name(call.role).send();
        let reply = reply.await.map_err(from_sdk::<ListRolePolicies, _>)?;
        Ok(reply.policy_names)
    }
}

impl Serve<ListAttachedRolePolicies> for Sdk {
    async fn serve(&self, call: ListAttachedRolePolicies) -> Result<Vec<String>, ApiError> {
        let request = self.iam.list_attached_role_policies();
        let reply = request.role_name(call.role).send().await;
        let reply = reply.map_err(from_sdk::<ListAttachedRolePolicies, _>)?;
        let attached = reply.attached_policies.into_iter().flatten();
        Ok(attached.filter_map(|policy| policy.policy_arn).collect())
    }
}

impl Serve<GetInstanceProfile> for Sdk {
    async fn serve(&self, call: GetInstanceProfile) -> Result<Vec<String>, ApiError> {
        let reply = self
            .iam
            .get_instance_profile()
            .instance_profile_name(call.name)
            .send()
            .await
            .map_err(from_sdk::<GetInstanceProfile, _>)?;
        let profile = reply
            .instance_profile
            .ok_or_else(|| incomplete::<GetInstanceProfile>("the instance profile"))?;
        Ok(profile.roles.into_iter().map(|r| r.role_name).collect())
    }
}

serve_empty!(CreateInstanceProfile, |sdk, call| sdk
    .iam
    .create_instance_profile()
    .instance_profile_name(call.name));

impl Serve<AddRoleToInstanceProfile> for Sdk {
    async fn serve(&self, call: AddRoleToInstanceProfile) -> Result<(), ApiError> {
        self.iam
            .add_role_to_instance_profile()
            .instance_profile_name(call.profile)
            .role_name(call.role)
            .send()
            .await
            .map_err(|error| {
                let error = from_sdk::<AddRoleToInstanceProfile, _>(error);
                // A profile holds one role.
                match error.code.as_deref() {
                    Some("LimitExceeded") => ApiError {
                        kind: Kind::Exists,
                        ..error
                    },
                    Some(_) | None => error,
                }
            })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        assert_eq!(plain("%7B%22a%22%3A%22s3%3A%2A%22%7D"), r#"{"a":"s3:*"}"#);
        for text in ["{}", "100%", "%zz", "%2"] {
            assert_eq!(plain(text), text);
        }
    }
}
