//! AWS Budgets: the account's list, in small pages.

use super::refusal::Refusal;
use super::world::{Answer, State};
use super::{ACCOUNT, Sim};
use chrono::{DateTime, Utc};
use clusterup::cloud::api::budgets::{
    CreateBudget, CreateNotification, CreateSubscriber, DeleteBudget, DeleteNotification,
    DeleteSubscriber, DescribeBudgets, DescribeNotificationsForBudget,
    DescribeSubscribersForNotification, Described, UpdateBudget, UpdateNotification,
    UpdateSubscriber,
};
use clusterup::cloud::api::{Kind, Page};
use clusterup::cloud::budgets::model::{Amount, ExistingBudget, Notice, Notices, is_topic};
use clusterup::model::policy::{MAX_MAILS, MAX_NOTICES, MAX_TOPICS};
use std::collections::{BTreeMap, BTreeSet};

/// AWS's own is a hundred.
const PAGE: usize = 2;
const LONGEST_NAME: usize = 100;

#[derive(Default)]
pub(super) struct Budgets(BTreeMap<String, StoredBudget>);

struct StoredBudget {
    it: ExistingBudget,
    actual: Option<Amount>,
    updated: DateTime<Utc>,
}

impl Sim {
    /// All budgets, no matter who made them, in order of their names.
    pub fn budgets(&self) -> Vec<ExistingBudget> {
        self.edit(|state| {
            state
                .budgets
                .0
                .values()
                .map(|held| held.it.clone())
                .collect()
        })
    }

    /// Puts a budget there, as a person at a console does, in place of any of its name.
    pub fn put_budget(&self, it: ExistingBudget) {
        self.edit(|state| state.put(it));
    }

    /// What AWS has found out that was spent.
    pub fn set_actual(&self, budget: &str, actual: Option<Amount>) {
        self.edit(|state| {
            if let Some(held) = state.budgets.0.get_mut(budget) {
                held.actual = actual;
            }
        });
    }
}

impl State {
    fn put(&mut self, it: ExistingBudget) {
        let held = StoredBudget {
            actual: None,
            updated: self.now,
            it,
        };
        self.budgets.0.insert(held.it.budget.name.clone(), held);
    }

    /// Whom a notification alerts.
    fn subscribers_of(
        &mut self,
        (account, name): (&str, &str),
        notice: &Notice,
    ) -> Result<&mut BTreeSet<String>, Refusal> {
        let notices = &mut self.held(account, name)?.it.notices;
        notices
            .get_mut(notice)
            .ok_or_else(|| missing("notification"))
    }

    fn held(&mut self, account: &str, name: &str) -> Result<&mut StoredBudget, Refusal> {
        check_account(account)?;
        let held = self.budgets.0.get_mut(name);
        held.ok_or_else(|| missing("budget"))
    }
}

fn missing(what: &str) -> Refusal {
    let message = format!("the {what} doesn't exist.");
    Refusal::new(Kind::NotFound, "NotFoundException", message)
}

fn exists(what: &str) -> Refusal {
    let message = format!("the {what} already exists.");
    Refusal::new(Kind::Exists, "DuplicateRecordException", message)
}

fn refused(message: &str) -> Refusal {
    Refusal::new(Kind::Invalid, "InvalidParameterException", message)
}

fn check_account(account: &str) -> Result<(), Refusal> {
    if account == ACCOUNT {
        Ok(())
    } else {
        Err(Refusal::new(
            Kind::Denied,
            "AccessDeniedException",
            "not yours",
        ))
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let long = name.is_empty() || name.len() > LONGEST_NAME;
    if long || name.contains([':', '\\']) || name.contains("/action/") {
        Err(refused("a budget is not called so"))
    } else {
        Ok(())
    }
}

fn check_notices(notices: &Notices) -> Result<(), Refusal> {
    if notices.len() > MAX_NOTICES {
        let code = "CreationLimitExceededException";
        return Err(Refusal::new(Kind::Invalid, code, "too many notifications"));
    }
    notices.values().try_for_each(check_subscribers)
}

fn check_subscribers(alerted: &BTreeSet<String>) -> Result<(), Refusal> {
    if alerted.is_empty() {
        return Err(refused("a notification needs a subscriber"));
    }
    let topics = alerted.iter().filter(|who| is_topic(who)).count();
    if topics > MAX_TOPICS || alerted.len() - topics > MAX_MAILS {
        let code = "CreationLimitExceededException";
        Err(Refusal::new(Kind::Invalid, code, "too many subscribers"))
    } else {
        Ok(())
    }
}

/// A page's token is the number of what was shown before it.
fn page<T>(all: impl Iterator<Item = T>, next: Option<&str>) -> Result<Page<T>, Refusal> {
    let shown = next.map_or(Ok(0), str::parse);
    let shown: usize = shown.map_err(|_| refused("no such token"))?;
    let mut rest = all.skip(shown).peekable();
    let items: Vec<_> = rest.by_ref().take(PAGE).collect();
    let next = rest.peek().map(|_| (shown + PAGE).to_string());
    Ok(Page { items, next })
}

impl Answer for DescribeBudgets {
    fn answer(self, state: &mut State) -> Result<Page<Described>, Refusal> {
        check_account(&self.account)?;
        let described = |held: &StoredBudget| Described {
            budget: held.it.budget.clone(),
            actual: held.actual.clone(),
            updated: Some(held.updated),
        };
        page(
            state.budgets.0.values().map(described),
            self.next.as_deref(),
        )
    }
}

impl Answer for DescribeNotificationsForBudget {
    fn answer(self, state: &mut State) -> Result<Page<Notice>, Refusal> {
        let held = state.held(&self.account, &self.budget)?;
        page(held.it.notices.keys().cloned(), self.next.as_deref())
    }
}

impl Answer for DescribeSubscribersForNotification {
    fn answer(self, state: &mut State) -> Result<Page<String>, Refusal> {
        let held = state.held(&self.account, &self.budget)?;
        let subscribers = held.it.notices.get(&self.notice);
        let subscribers = subscribers.ok_or_else(|| missing("notification"))?;
        page(subscribers.iter().cloned(), self.next.as_deref())
    }
}

impl Answer for CreateBudget {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        check_account(&self.account)?;
        check_name(&self.budget.name)?;
        check_notices(&self.notices)?;
        if state.budgets.0.contains_key(&self.budget.name) {
            return Err(exists("budget"));
        }
        let (budget, notices) = (self.budget, self.notices);
        state.put(ExistingBudget { budget, notices });
        Ok(())
    }
}

impl Answer for UpdateBudget {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let now = state.now;
        let held = state.held(&self.account, &self.budget.name)?;
        held.it.budget = self.budget;
        held.actual = None;
        held.updated = now;
        Ok(())
    }
}

impl Answer for DeleteBudget {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        check_account(&self.account)?;
        state.budgets.0.remove(&self.budget);
        Ok(())
    }
}

impl Answer for CreateNotification {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let held = state.held(&self.account, &self.budget)?;
        if held.it.notices.contains_key(&self.notice) {
            return Err(exists("notification"));
        }
        let mut notices = held.it.notices.clone();
        notices.insert(self.notice, self.subscribers);
        check_notices(&notices)?;
        held.it.notices = notices;
        Ok(())
    }
}

impl Answer for DeleteNotification {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        check_account(&self.account)?;
        if let Some(held) = state.budgets.0.get_mut(&self.budget) {
            held.it.notices.remove(&self.notice);
        }
        Ok(())
    }
}

impl Answer for UpdateNotification {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let notices = &mut state.held(&self.account, &self.budget)?.it.notices;
        if !notices.contains_key(&self.from) {
            return Err(missing("notification"));
        }
        if notices.contains_key(&self.to) {
            return Err(exists("notification"));
        }
        if let Some(alerted) = notices.remove(&self.from) {
            notices.insert(self.to, alerted);
        }
        Ok(())
    }
}

impl Answer for CreateSubscriber {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let alerted = state.subscribers_of((&self.account, &self.budget), &self.notice)?;
        let mut more = alerted.clone();
        if !more.insert(self.subscriber) {
            return Err(exists("subscriber"));
        }
        check_subscribers(&more)?;
        *alerted = more;
        Ok(())
    }
}

impl Answer for UpdateSubscriber {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let alerted = state.subscribers_of((&self.account, &self.budget), &self.notice)?;
        let mut other = alerted.clone();
        if !other.remove(&self.from) {
            return Err(missing("subscriber"));
        }
        if !other.insert(self.to) {
            return Err(exists("subscriber"));
        }
        check_subscribers(&other)?;
        *alerted = other;
        Ok(())
    }
}

impl Answer for DeleteSubscriber {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let held = state.held(&self.account, &self.budget)?;
        let Some(alerted) = held.it.notices.get_mut(&self.notice) else {
            return Ok(());
        };
        alerted.remove(&self.subscriber);
        if alerted.is_empty() {
            held.it.notices.remove(&self.notice);
        }
        Ok(())
    }
}
