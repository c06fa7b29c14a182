//! This clusterup was built without AWS.

use super::Environment;
use super::region::without_aws;
use crate::app::failure::Failure;
use crate::cloud::Cloud;
use crate::cloud::description::Description;
use crate::cloud::fleet::FleetProvider;
use crate::cloud::notify::{Channel, Topic};
use crate::cloud::policy_prefix::PolicyFiles;
use crate::model::money::Usd;
use crate::model::name::{AccountId, ClusterId, PolicyName, Region, TeamName};
use crate::model::watched_account::WatchedAccount;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

impl Environment {
    pub(crate) async fn fleet(&self, _: &Region) -> Result<Rc<dyn FleetProvider>, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn account_fleets(
        &self,
        _: &WatchedAccount,
        _: &BTreeSet<Region>,
    ) -> Result<Vec<Rc<dyn FleetProvider>>, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn members(&self, _: &Region) -> Result<BTreeSet<AccountId>, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn own_account(&self, _: &Region) -> Result<AccountId, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn topic(&self, _: Topic) -> Result<Box<dyn Channel>, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn description(
        &self,
        _: &Region,
        _: &ClusterId,
    ) -> Result<Option<Description>, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn spent_by_aws(
        &self,
        _: &TeamName,
        _: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, Failure> {
        Ok(BTreeMap::new())
    }

    pub(crate) async fn policy_prefix(&self, _: &str) -> Result<PolicyFiles, Failure> {
        Err(without_aws())
    }

    pub(crate) async fn aws(&self, _: &Region) -> Result<Box<dyn Cloud>, Failure> {
        Err(without_aws())
    }
}
