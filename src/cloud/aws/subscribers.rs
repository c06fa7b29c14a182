//! Changes the notifications and subscribers of AWS's budgets through the SDK.

use super::Sdk;
use super::budgets::{notification, subscriber};
use super::error::{from_sdk, unless};
use crate::cloud::api::budgets::{
    CreateSubscriber, DeleteSubscriber, UpdateNotification, UpdateSubscriber,
};
use crate::cloud::api::{ApiError, Kind, Serve};

impl Serve<UpdateNotification> for Sdk {
    async fn serve(&self, call: UpdateNotification) -> Result<(), ApiError> {
        self.budgets
            .update_notification()
            .account_id(call.account)
            .budget_name(call.budget)
            .old_notification(notification::<UpdateNotification>(&call.from)?)
            .new_notification(notification::<UpdateNotification>(&call.to)?)
            .send()
            .await
            .map_err(from_sdk::<UpdateNotification, _>)?;
        Ok(())
    }
}

impl Serve<CreateSubscriber> for Sdk {
    async fn serve(&self, call: CreateSubscriber) -> Result<(), ApiError> {
        self.budgets
            .create_subscriber()
            .account_id(call.account)
            .budget_name(call.budget)
            .notification(notification::<CreateSubscriber>(&call.notice)?)
            .subscriber(subscriber::<CreateSubscriber>(call.subscriber)?)
            .send()
            .await
            .map_err(from_sdk::<CreateSubscriber, _>)?;
        Ok(())
    }
}

impl Serve<UpdateSubscriber> for Sdk {
    async fn serve(&self, call: UpdateSubscriber) -> Result<(), ApiError> {
        self.budgets
            .update_subscriber()
            .account_id(call.account)
            .budget_name(call.budget)
            .notification(notification::<UpdateSubscriber>(&call.notice)?)
            .old_subscriber(subscriber::<UpdateSubscriber>(call.from)?)
            .new_subscriber(subscriber::<UpdateSubscriber>(call.to)?)
            .send()
            .await
            .map_err(from_sdk::<UpdateSubscriber, _>)?;
        Ok(())
    }
}

impl Serve<DeleteSubscriber> for Sdk {
    async fn serve(&self, call: DeleteSubscriber) -> Result<(), ApiError> {
        let reply = self
            .budgets
            .delete_subscriber()
            .account_id(call.account)
            .budget_name(call.budget)
            .notification(notification::<DeleteSubscriber>(&call.notice)?)
            .subscriber(subscriber::<DeleteSubscriber>(call.subscriber)?)
            .send()
            .await;
        reply
            .map(|_| ())
            .map_err(from_sdk::<DeleteSubscriber, _>)
            .or_else(unless(Kind::NotFound))
    }
}
