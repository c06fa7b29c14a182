//! AWS Budgets through the SDK, which has its single endpoint built in.

use super::Sdk;
use super::error::{from_sdk, unbuilt};
use super::serve_empty::serve_empty;
use super::translate;
use crate::cloud::api::budgets::{
    CreateBudget, CreateNotification, DeleteBudget, DeleteNotification, DescribeBudgets,
    DescribeNotificationsForBudget, DescribeSubscribersForNotification, Described, UpdateBudget,
};
use crate::cloud::api::{ApiError, Call, Kind, Page, Serve};
use crate::cloud::budgets::model::{Amount, Budget, Notice, is_topic};
use aws_sdk_budgets::error::BuildError;
use aws_sdk_budgets::types::{
    Budget as Theirs, CalculatedSpend, CostTypes, Notification, NotificationWithSubscribers, Spend,
    Subscriber, SubscriptionType,
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// The largest page of the API.
const PAGE: i32 = 100;

/// AWS's default unit of a threshold.
const SHARE: &str = "PERCENTAGE";

#[expect(
    deprecated,
    reason = "AWS's own examples of the newer filters disagree on how a tag's key is written"
)]
fn theirs(budget: Budget) -> Result<Theirs, BuildError> {
    let limit = budget.limit.map(|limit| {
        let spend = Spend::builder().amount(limit.number.to_string());
        spend.unit(limit.currency).build()
    });
    let filters = budget.filters.into_iter();
    let filters = filters.map(|(name, values)| (name, values.into_iter().collect()));
    Theirs::builder()
        .budget_name(budget.name)
        .budget_type(budget.kind.as_str().into())
        .time_unit(budget.time_unit.as_str().into())
        .set_budget_limit(limit.transpose()?)
        .set_cost_filters(Some(filters.collect()))
        .cost_types(cost_types(&budget.counts))
        .build()
}

#[expect(deprecated, reason = "clusterup creates budgets with these filters")]
fn ours(theirs: Theirs) -> Described {
    let moves = theirs.planned_budget_limits.is_some() || theirs.auto_adjust_data.is_some();
    let filters = theirs.cost_filters.unwrap_or_default().into_iter();
    let limit = theirs.budget_limit.filter(|_| !moves);
    let spent = theirs.calculated_spend;
    Described {
        budget: Budget {
            name: theirs.budget_name,
            kind: theirs.budget_type.as_str().to_owned(),
            time_unit: theirs.time_unit.as_str().to_owned(),
            limit: limit.and_then(amount),
            filters: filters
                .map(|(name, values)| (name, values.into_iter().collect()))
                .collect(),
            counts: theirs
                .cost_types
                .as_ref()
                .map_or_else(BTreeSet::new, counts),
        },
        actual: spent
            .and_then(|CalculatedSpend { actual_spend, .. }| actual_spend)
            .and_then(amount),
        updated: theirs.last_updated_time.as_ref().and_then(translate::time),
    }
}

/// `None` if it is not a number.
fn amount(spend: Spend) -> Option<Amount> {
    let number = spend.amount.parse::<Decimal>();
    let number = number.or_else(|_| Decimal::from_scientific(&spend.amount));
    Some(Amount {
        number: number.ok()?.normalize(),
        currency: spend.unit,
    })
}

fn cost_types(counts: &BTreeSet<String>) -> CostTypes {
    let on = |what: &str| counts.contains(what);
    CostTypes::builder()
        .include_credit(on("credits"))
        .include_discount(on("discounts"))
        .include_other_subscription(on("other subscriptions"))
        .include_recurring(on("recurring fees"))
        .include_refund(on("refunds"))
        .include_subscription(on("subscriptions"))
        .include_support(on("support"))
        .include_tax(on("taxes"))
        .include_upfront(on("upfront fees"))
        .use_amortized(on("amortized rates"))
        .use_blended(on("blended rates"))
        .build()
}

/// The costs that a budget counts. Absent fields have AWS's defaults.
fn counts(theirs: &CostTypes) -> BTreeSet<String> {
    let included = [
        ("credits", theirs.include_credit),
        ("discounts", theirs.include_discount),
        ("other subscriptions", theirs.include_other_subscription),
        ("recurring fees", theirs.include_recurring),
        ("refunds", theirs.include_refund),
        ("subscriptions", theirs.include_subscription),
        ("support", theirs.include_support),
        ("taxes", theirs.include_tax),
        ("upfront fees", theirs.include_upfront),
    ];
    let used = [
        ("amortized rates", theirs.use_amortized),
        ("blended rates", theirs.use_blended),
    ];
    let included = included.map(|(what, on)| (what, on.unwrap_or(true)));
    let used = used.map(|(what, on)| (what, on.unwrap_or(false)));
    let all = included.into_iter().chain(used);
    all.filter(|(_, on)| *on)
        .map(|(what, _)| what.to_owned())
        .collect()
}

pub(super) fn notification<C: Call>(notice: &Notice) -> Result<Notification, ApiError> {
    let threshold = notice.threshold.parse::<f64>();
    Notification::builder()
        .notification_type(notice.of.as_str().into())
        .comparison_operator(notice.when.as_str().into())
        .set_threshold(threshold.ok())
        .threshold_type(notice.unit.as_str().into())
        .build()
        .map_err(unbuilt::<C>)
}

fn notice(theirs: &Notification) -> Notice {
    let unit = theirs.threshold_type.as_ref();
    Notice {
        of: theirs.notification_type.as_str().to_owned(),
        when: theirs.comparison_operator.as_str().to_owned(),
        // The shortest digits that are parsed to the same number.
        threshold: theirs.threshold.to_string(),
        unit: unit.map_or(SHARE, |unit| unit.as_str()).to_owned(),
    }
}

pub(super) fn subscriber<C: Call>(address: String) -> Result<Subscriber, ApiError> {
    let kind = if is_topic(&address) {
        SubscriptionType::Sns
    } else {
        SubscriptionType::Email
    };
    let subscriber = Subscriber::builder().subscription_type(kind);
    subscriber.address(address).build().map_err(unbuilt::<C>)
}

fn subscribers<C: Call>(addresses: BTreeSet<String>) -> Result<Vec<Subscriber>, ApiError> {
    addresses.into_iter().map(subscriber::<C>).collect()
}

fn page<T>(items: Vec<T>, next: Option<String>) -> Page<T> {
    let next = next.filter(|token| !token.is_empty());
    Page { items, next }
}

impl Serve<DescribeBudgets> for Sdk {
    async fn serve(&self, call: DescribeBudgets) -> Result<Page<Described>, ApiError> {
        let reply = self
            .budgets
            .describe_budgets()
            .account_id(call.account)
            .max_results(PAGE)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<DescribeBudgets, _>)?;
        let budgets = reply.budgets.unwrap_or_default();
        Ok(page(
            budgets.into_iter().map(ours).collect(),
            reply.next_token,
        ))
    }
}

impl Serve<DescribeNotificationsForBudget> for Sdk {
    async fn serve(&self, call: DescribeNotificationsForBudget) -> Result<Page<Notice>, ApiError> {
        let reply = self
            .budgets
            .describe_notifications_for_budget()
            .account_id(call.account)
            .budget_name(call.budget)
            .max_results(PAGE)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<DescribeNotificationsForBudget, _>)?;
        let notices = reply.notifications.unwrap_or_default();
        Ok(page(notices.iter().map(notice).collect(), reply.next_token))
    }
}

impl Serve<DescribeSubscribersForNotification> for Sdk {
    async fn serve(
        &self,
        call: DescribeSubscribersForNotification,
    ) -> Result<Page<String>, ApiError> {
        let notice = notification::<DescribeSubscribersForNotification>(&call.notice)?;
        let reply = self
            .budgets
            .describe_subscribers_for_notification()
            .account_id(call.account)
            .budget_name(call.budget)
            .notification(notice)
            .max_results(PAGE)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<DescribeSubscribersForNotification, _>)?;
        let subscribers = reply.subscribers.unwrap_or_default().into_iter();
        let addresses = subscribers.map(|Subscriber { address, .. }| address);
        Ok(page(addresses.collect(), reply.next_token))
    }
}

impl Serve<CreateBudget> for Sdk {
    async fn serve(&self, call: CreateBudget) -> Result<(), ApiError> {
        let notices = call.notices.into_iter().map(|(notice, addresses)| {
            NotificationWithSubscribers::builder()
                .notification(notification::<CreateBudget>(&notice)?)
                .set_subscribers(Some(subscribers::<CreateBudget>(addresses)?))
                .build()
                .map_err(unbuilt::<CreateBudget>)
        });
        let notices: Result<_, ApiError> = notices.collect();
        self.budgets
            .create_budget()
            .account_id(call.account)
            .budget(theirs(call.budget).map_err(unbuilt::<CreateBudget>)?)
            .set_notifications_with_subscribers(Some(notices?))
            .send()
            .await
            .map_err(from_sdk::<CreateBudget, _>)?;
        Ok(())
    }
}

serve_empty!(UpdateBudget, |sdk, call| sdk
    .budgets
    .update_budget()
    .account_id(call.account)
    .new_budget(theirs(call.budget).map_err(unbuilt::<UpdateBudget>)?));

serve_empty!(DeleteBudget, Kind::NotFound, |sdk, call| sdk
    .budgets
    .delete_budget()
    .account_id(call.account)
    .budget_name(call.budget));

serve_empty!(CreateNotification, |sdk, call| sdk
    .budgets
    .create_notification()
    .account_id(call.account)
    .budget_name(call.budget)
    .notification(notification::<CreateNotification>(&call.notice)?)
    .set_subscribers(Some(subscribers::<CreateNotification>(
        call.subscribers
    )?)));

serve_empty!(DeleteNotification, Kind::NotFound, |sdk, call| sdk
    .budgets
    .delete_notification()
    .account_id(call.account)
    .budget_name(call.budget)
    .notification(notification::<DeleteNotification>(&call.notice)?));
