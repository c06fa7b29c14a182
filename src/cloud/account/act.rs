//! Carries out actions.

use super::Account;
use crate::cloud::api::Api;
use crate::cloud::{Acting, CloudError};
use crate::model::action::Action;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use async_trait::async_trait;

#[async_trait(?Send)]
impl<A: Api> Acting for Account<A> {
    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.check_lease().await?;
        if *action != Action::CreateBucket {
            self.note_origin(stack).await?;
        }
        match action {
            Action::CreateRoles => self.create_roles().await,
            Action::CreateKeyPair(spec) => self.create_key(stack, spec).await,
            Action::DeleteKeyPair(name) => self.delete_key(stack, name).await,
            Action::CreateGroup(group) => self.create_group(stack, group).await,
            Action::UpdateGroup(group) => self.update_group(group).await,
            Action::DeleteGroup(name) => self.delete_group(name, listener).await,
            Action::CreateBucket => self.create_bucket(stack).await,
            Action::Stage(objects) => self.stage(stack, objects, listener).await,
            Action::DeleteBucket => self.delete_objects(stack).await,
            Action::CreateCluster(spec, job) => {
                self.create_cluster(stack, spec, job.as_ref(), listener)
                    .await
            }
            // EMR starts a cluster by itself.
            Action::StartCluster(_) => Ok(()),
            Action::AddSteps(id, job) => self.add_steps(stack, id, job, listener).await,
            Action::UpdateCluster(id, spec) => self.update_cluster(id, spec, listener).await,
            Action::ExtendCluster(id, extension) => self.extend(id, extension, listener).await,
            Action::RenewLease(id) => self.renew(stack, id, listener).await,
            Action::Disarm(id) => self.disarm(id).await,
            Action::TerminateCluster(id, end) => self.terminate(id, end, listener).await,
            Action::Remember(run) => self.remember(stack, run).await,
            Action::DeleteCluster(id) => self.forget(stack, id).await,
            Action::BringHome(results) => {
                self.download_results(stack, results, listener).await?;
                let to = results.to.clone();
                listener.on_event(&Event::Home { to });
                Ok(())
            }
        }
    }
}
