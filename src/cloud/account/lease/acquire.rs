//! Acquires the lease of a stack.

use super::STACK;
use crate::cloud::account::{Account, layout};
use crate::cloud::api::Api;
use crate::cloud::{CloudError, Lease, LeaseGuard, Leasing};
use crate::model::event::Listener;
use crate::model::name::StackName;
use async_trait::async_trait;

#[async_trait(?Send)]
impl<A: Api> Leasing for Account<A> {
    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError> {
        let own = self.own_lock(self.bucket().await?, layout::lock(stack));
        let (etag, fresh) = self.acquire(&own, stack, listener).await?;
        self.observed.borrow_mut().is_new = fresh;
        let lease = self.start_renewing(own, etag, STACK);
        *self.lease.borrow_mut() = Some(lease.held.clone());
        // Even in a bucket that this process has created: S3 also answers so if another process was
        // a moment faster, whose cluster EMR may not list yet.
        if let Err(error) = self.resolve_intents(stack, listener).await {
            // Report this error, whether or not the lock can be released.
            let _ = Box::new(lease).release().await;
            return Err(error);
        }
        Ok(Box::new(lease))
    }

    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError> {
        let bucket = self.bucket().await?;
        let key = layout::lock(stack);
        let lock = self.read_lock(&bucket, &key).await?;
        Ok(lock.is_some_and(|lock| !lock.is_dead()))
    }
}
