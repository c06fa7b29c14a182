//! Reads all that EMR says of one cluster, alive or ended in the last two months, as one document in the
//! form in which AWS's command line prints it. Changes nothing.

use super::api::emr::{
    DescribeClusterVerbatim, GetAutoTerminationPolicyVerbatim, GetManagedScalingPolicyVerbatim,
    ListBootstrapActionsVerbatim, ListInstanceFleetsVerbatim, ListInstanceGroupsVerbatim,
    ListStepsVerbatim, Verbatim,
};
use super::api::{ApiError, Kind, Serve};
use super::error::{Class, CloudError};
use super::unserved::unserved;
use serde_json::{Map, Value};

/// More pages than the steps or the machines of a cluster take: EMR shows up to 1,000 steps (EMR
/// Management Guide, "Submit work to a cluster"), 50 on a page.
const MAX_PAGES: usize = 40;

/// What EMR says of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// `Cluster` with its machines and bootstrap actions, `Steps`, newest first, and the policies, as
    /// JSON.
    pub document: String,
    /// What EMR refused to say of this cluster: the key in the document, and EMR's message.
    pub refused: Vec<(&'static str, String)>,
}

/// Serves what a description consists of.
pub trait Describing:
    Serve<DescribeClusterVerbatim>
    + Serve<ListStepsVerbatim>
    + Serve<ListInstanceGroupsVerbatim>
    + Serve<ListInstanceFleetsVerbatim>
    + Serve<ListBootstrapActionsVerbatim>
    + Serve<GetAutoTerminationPolicyVerbatim>
    + Serve<GetManagedScalingPolicyVerbatim>
{
}

impl<A> Describing for A where
    A: Serve<DescribeClusterVerbatim>
        + Serve<ListStepsVerbatim>
        + Serve<ListInstanceGroupsVerbatim>
        + Serve<ListInstanceFleetsVerbatim>
        + Serve<ListBootstrapActionsVerbatim>
        + Serve<GetAutoTerminationPolicyVerbatim>
        + Serve<GetManagedScalingPolicyVerbatim>
{
}

/// Describes a cluster; `None` if EMR does not know it in this region.
///
/// # Errors
/// Returns an error if a call fails, or if a listing has more pages than a cluster's.
pub async fn describe<A: Describing>(api: &A, id: &str) -> Result<Option<Description>, CloudError> {
    let call = DescribeClusterVerbatim { id: id.to_owned() };
    let described = match api.serve(call).await {
        Err(error) if error.kind == Kind::NotFound => return Ok(None),
        described => described.map_err(|error| failure(error, id))?,
    };
    let mut document = described.0;
    let Some(Value::Object(cluster)) = document.get_mut("Cluster") else {
        let message = format!("EMR's description of cluster {id} cannot be read");
        return Err(CloudError::new(Class::Failed, message).hint("try again later"));
    };
    let (machines, list) = machines(api, id, cluster).await?;
    cluster.insert(machines.to_owned(), list);
    let actions = all(id, "BootstrapActions", |next| {
        let id = id.to_owned();
        api.serve(ListBootstrapActionsVerbatim { id, next })
    });
    cluster.insert("BootstrapActions".to_owned(), actions.await?);
    let steps = all(id, "Steps", |next| {
        let id = id.to_owned();
        api.serve(ListStepsVerbatim { id, next })
    });
    document.insert("Steps".to_owned(), steps.await?);
    let refused = policies(api, id, &mut document).await?;
    Ok(Some(Description {
        document: Value::Object(document).to_string(),
        refused,
    }))
}

/// The machines, and the key that they are below: a cluster has groups or fleets, and EMR refuses to
/// list what it does not have.
async fn machines<A: Describing>(
    api: &A,
    id: &str,
    cluster: &Map<String, Value>,
) -> Result<(&'static str, Value), CloudError> {
    let kind = cluster
        .get("InstanceCollectionType")
        .and_then(Value::as_str);
    if kind == Some("INSTANCE_FLEET") {
        let key = "InstanceFleets";
        let fleets = all(id, key, |next| {
            let id = id.to_owned();
            api.serve(ListInstanceFleetsVerbatim { id, next })
        });
        return Ok((key, fleets.await?));
    }
    let key = "InstanceGroups";
    let groups = all(id, key, |next| {
        let id = id.to_owned();
        api.serve(ListInstanceGroupsVerbatim { id, next })
    });
    Ok((key, groups.await?))
}

/// The items of all pages of a listing, which are below `key`.
async fn all<F>(
    id: &str,
    key: &'static str,
    page: impl Fn(Option<String>) -> F,
) -> Result<Value, CloudError>
where
    F: Future<Output = Result<Verbatim, ApiError>>,
{
    let mut items = Vec::new();
    let mut next = None;
    for _ in 0..MAX_PAGES {
        let reply = page(next).await;
        let mut reply = reply.map_err(|error| failure(error, id))?;
        if let Some(Value::Array(more)) = reply.take(key) {
            items.extend(more);
        }
        next = reply.next();
        if next.is_none() {
            return Ok(Value::Array(items));
        }
    }
    let message = format!("EMR lists more than {MAX_PAGES} pages of {key} for cluster {id}");
    Err(CloudError::new(Class::Failed, message)
        .hint("write what you need of its steps into a file, and import that"))
}

/// Adds the cluster's policies. Returns those that EMR refuses to read, as it may for a release that has
/// no such policies.
async fn policies<A: Describing>(
    api: &A,
    id: &str,
    document: &mut Map<String, Value>,
) -> Result<Vec<(&'static str, String)>, CloudError> {
    let idle = GetAutoTerminationPolicyVerbatim { id: id.to_owned() };
    let scaling = GetManagedScalingPolicyVerbatim { id: id.to_owned() };
    let (idle, scaling) = (api.serve(idle).await, api.serve(scaling).await);
    let mut refused = Vec::new();
    for (key, reply) in [
        ("AutoTerminationPolicy", idle),
        ("ManagedScalingPolicy", scaling),
    ] {
        match reply {
            Ok(mut reply) => {
                document.extend(reply.take(key).map(|policy| (key.to_owned(), policy)));
            }
            Err(error) if error.kind == Kind::Invalid => refused.push((key, error.message)),
            Err(error) => return Err(failure(error, id)),
        }
    }
    Ok(refused)
}

fn failure(error: ApiError, id: &str) -> CloudError {
    let error = match unserved(error) {
        Ok(explained) => return explained,
        Err(error) => error,
    };
    match error.kind {
        Kind::Denied => {
            let message = format!("AWS does not allow you to describe cluster {id}");
            CloudError::new(Class::Missing, message)
                .hint(format!("ask for the permission {}", error.call))
        }
        Kind::Throttled | Kind::OutcomeUnknown => CloudError::new(
            Class::Unreachable,
            format!("cannot describe cluster {id} now"),
        )
        .hint("try again in a minute"),
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => CloudError::new(Class::Failed, format!("cannot describe cluster {id}")),
    }
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::Call;
    use crate::model::hint::Hint;
    use serde_json::json;
    use std::cell::RefCell;

    /// EMR with one cluster, `j-1`, that lists one item on each page.
    #[derive(Default)]
    struct Emr {
        has_fleets: bool,
        /// Operations that fail, and how.
        failing: Vec<(&'static str, Kind)>,
        /// Whether each page has another one behind it.
        endless: bool,
        calls: RefCell<Vec<String>>,
    }

    impl Emr {
        fn reply(&self, call: &str, next: Option<&str>) -> Value {
            let list = |key: &str| {
                let (item, more) = match next {
                    None => (1, true),
                    Some(_) => (2, self.endless),
                };
                let mut page = json!({ key: [{ "Id": item }] });
                if more {
                    page["Marker"] = json!("m");
                }
                page
            };
            let kind = if self.has_fleets {
                "INSTANCE_FLEET"
            } else {
                "INSTANCE_GROUP"
            };
            match call {
                "DescribeCluster" => {
                    json!({ "Cluster": { "Id": "j-1", "InstanceCollectionType": kind } })
                }
                "ListSteps" => list("Steps"),
                "ListInstanceGroups" => list("InstanceGroups"),
                "ListInstanceFleets" => list("InstanceFleets"),
                "ListBootstrapActions" => json!({ "BootstrapActions": [] }),
                "GetManagedScalingPolicy" => json!({}),
                _ => json!({ "AutoTerminationPolicy": { "IdleTimeout": 60 } }),
            }
        }

        fn answer(
            &self,
            call: &'static str,
            id: &str,
            next: Option<&str>,
        ) -> Result<Verbatim, ApiError> {
            let name = call.split_once(':').map_or(call, |(_, name)| name);
            self.calls.borrow_mut().push(name.to_owned());
            let failing = self.failing.iter().find(|(failing, _)| *failing == name);
            let unknown = (id != "j-1").then_some(Kind::NotFound);
            if let Some(kind) = failing.map(|(_, kind)| *kind).or(unknown) {
                return Err(ApiError {
                    call,
                    kind,
                    code: None,
                    message: "no".to_owned(),
                    cause: None,
                });
            }
            let reply = self.reply(name, next);
            Ok(Verbatim(reply.as_object().unwrap().clone()))
        }
    }

    macro_rules! answers {
        ($($call:ident $($next:ident)?;)*) => {$(
            impl Serve<$call> for Emr {
                async fn serve(&self, call: $call) -> Result<Verbatim, ApiError> {
                    let next: Option<String> = None;
                    $(let next = next.or(call.$next);)?
                    self.answer(<$call as Call>::NAME, &call.id, next.as_deref())
                }
            }
        )*};
    }
    answers! {
        DescribeClusterVerbatim;
        ListStepsVerbatim next;
        ListInstanceGroupsVerbatim next;
        ListInstanceFleetsVerbatim next;
        ListBootstrapActionsVerbatim next;
        GetAutoTerminationPolicyVerbatim;
        GetManagedScalingPolicyVerbatim;
    }

    fn described(emr: &Emr, id: &str) -> Result<Option<Description>, CloudError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(describe(emr, id))
    }

    #[test]
    fn all_pages_and_policies_are_one_document() {
        for has_fleets in [false, true] {
            let emr = Emr {
                has_fleets,
                ..Emr::default()
            };
            let found = described(&emr, "j-1").unwrap().unwrap();
            let document: Value = serde_json::from_str(&found.document).unwrap();
            let both = json!([{ "Id": 1 }, { "Id": 2 }]);
            let key = if has_fleets {
                "InstanceFleets"
            } else {
                "InstanceGroups"
            };
            assert_eq!(document["Cluster"][key], both);
            assert_eq!(document["Steps"], both);
            assert_eq!(document["AutoTerminationPolicy"]["IdleTimeout"], 60);
            assert_eq!(document.get("ManagedScalingPolicy"), None);
            assert_eq!(found.refused, []);
            assert_eq!(emr.calls.borrow().len(), 8, "{:?}", emr.calls);
        }
    }

    #[test]
    fn what_emr_refuses_to_say_is_not_there_and_what_fails_is_an_error() {
        let emr = Emr {
            failing: vec![("GetManagedScalingPolicy", Kind::Invalid)],
            ..Emr::default()
        };
        let found = described(&emr, "j-1").unwrap().unwrap();
        assert_eq!(found.refused, [("ManagedScalingPolicy", "no".to_owned())]);
        assert_eq!(described(&emr, "j-2").unwrap(), None);
        assert_eq!(emr.calls.borrow().last().unwrap(), "DescribeCluster");
        for call in [
            "DescribeCluster",
            "ListSteps",
            "ListBootstrapActions",
            "GetManagedScalingPolicy",
        ] {
            let failing = vec![(call, Kind::Denied)];
            let error = described(
                &Emr {
                    failing,
                    ..Emr::default()
                },
                "j-1",
            )
            .unwrap_err();
            assert_eq!(error.class, Class::Missing);
            let asks = Hint::from(format!("ask for the permission elasticmapreduce:{call}"));
            assert_eq!(error.hints, [asks]);
        }
    }

    #[test]
    fn pages_without_an_end_are_an_error() {
        let emr = Emr {
            endless: true,
            ..Emr::default()
        };
        let error = described(&emr, "j-1").unwrap_err();
        assert!(
            error
                .message
                .contains("more than 40 pages of InstanceGroups"),
            "{error}"
        );
        assert!(emr.calls.borrow().len() <= MAX_PAGES + 1);
    }
}
