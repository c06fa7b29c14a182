//! Carries out actions in the stacks' folders.

use super::cluster::Request;
use super::{Local, bucket, groups, launch, origin};
use crate::cloud::{Acting, CloudError, keypair, local_results};
use crate::model::action::Action;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use async_trait::async_trait;

#[async_trait(?Send)]
impl Acting for Local {
    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let layout = &self.layout;
        match action {
            Action::CreateRoles | Action::Remember(_) => Ok(()),
            Action::CreateKeyPair(spec) => {
                keypair::make(&layout.key(stack, &spec.name), stack, spec)
            }
            Action::DeleteKeyPair(name) => keypair::remove(&layout.key(stack, name)),
            Action::CreateGroup(group) | Action::UpdateGroup(group) => {
                groups::put(layout, stack, group)
            }
            Action::DeleteGroup(name) => groups::delete(layout, stack, name),
            Action::CreateBucket => bucket::create(layout, stack),
            Action::Stage(objects) => bucket::stage(layout, stack, objects, listener),
            Action::DeleteBucket => bucket::delete(layout, stack),
            Action::CreateCluster(spec, job) => {
                let job = self.unpacked(job.as_ref(), listener).await?;
                self.create_cluster(stack, spec, job.as_ref(), listener)
                    .await
            }
            Action::StartCluster(id) => self.folder(stack, id).start(),
            Action::AddSteps(id, job) => {
                let unpacked = self.unpacked(Some(job), listener).await?;
                let job = unpacked.as_ref().unwrap_or(job);
                launch::add_steps(layout, stack, &self.folder(stack, id), job)
            }
            Action::UpdateCluster(id, spec) => {
                launch::send(&self.folder(stack, id), &Request::Update(spec.clone()))
            }
            Action::ExtendCluster(id, extension) => {
                launch::send(&self.folder(stack, id), &Request::Extend(extension.clone()))
            }
            Action::RenewLease(id) => launch::send(&self.folder(stack, id), &Request::Renew),
            // The supervisor ends with its cluster.
            Action::Disarm(_) => Ok(()),
            Action::TerminateCluster(id, end) => launch::terminate(&self.folder(stack, id), end),
            Action::DeleteCluster(id) => launch::delete(&self.folder(stack, id)),
            Action::BringHome(results) => {
                let from = layout.bucket(stack).join(&results.key);
                let lock = local_results::FolderLock::take(&results.to, &layout.results())?;
                let downloaded = local_results::download(&from, stack, results, &lock, listener)?;
                if let Some(what) = downloaded.warning() {
                    let next = Some(local_results::list_command(&from));
                    listener.on_event(&Event::Warning { what, next });
                }
                listener.on_event(&Event::Home {
                    to: results.to.clone(),
                });
                Ok(())
            }
        }?;
        if let Some(origin) = self.applied_from.take() {
            origin::write(layout, stack, &origin)?;
        }
        layout.tidy(stack);
        Ok(())
    }
}
