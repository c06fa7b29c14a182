//! Changes the notifications and subscribers of AWS's budgets through the SDK.

use super::budgets::{notification, subscriber};
use super::serve_empty::serve_empty;
use crate::cloud::api::Kind;
use crate::cloud::api::budgets::{
    CreateSubscriber, DeleteSubscriber, UpdateNotification, UpdateSubscriber,
};

serve_empty!(UpdateNotification, |sdk, call| sdk
    .budgets
    .update_notification()
    .account_id(call.account)
    .budget_name(call.budget)
    .old_notification(notification::<UpdateNotification>(&call.from)?)
    .new_notification(notification::<UpdateNotification>(&call.to)?));

serve_empty!(CreateSubscriber, |sdk, call| sdk
    .budgets
    .create_subscriber()
    .account_id(call.account)
    .budget_name(call.budget)
    .notification(notification::<CreateSubscriber>(&call.notice)?)
    .subscriber(subscriber::<CreateSubscriber>(call.subscriber)?));

serve_empty!(UpdateSubscriber, |sdk, call| sdk
    .budgets
    .update_subscriber()
    .account_id(call.account)
    .budget_name(call.budget)
    .notification(notification::<UpdateSubscriber>(&call.notice)?)
    .old_subscriber(subscriber::<UpdateSubscriber>(call.from)?)
    .new_subscriber(subscriber::<UpdateSubscriber>(call.to)?));

serve_empty!(DeleteSubscriber, Kind::NotFound, |sdk, call| sdk
    .budgets
    .delete_subscriber()
    .account_id(call.account)
    .budget_name(call.budget)
    .notification(notification::<DeleteSubscriber>(&call.notice)?)
    .subscriber(subscriber::<DeleteSubscriber>(call.subscriber)?));
