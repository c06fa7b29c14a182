//! What costs money besides clusters: this account has nothing of it.

use super::refusal::{Refusal, invalid};
use super::world::{Answer, State};
use clusterup::cloud::api::Page;
use clusterup::cloud::api::cloudwatch::{GetBucketSizes, Points};
use clusterup::cloud::api::ec2::{Address, DescribeAddresses, DescribeVolumes, Volume};
use clusterup::cloud::api::emr::{ListRunningNotebooks, Notebook};
use clusterup::cloud::api::serverless::{
    Application, GetApplication, HasActiveJob, ListStartedApplications,
};

const fn nothing<T>() -> Page<T> {
    Page {
        items: Vec::new(),
        next: None,
    }
}

impl Answer for DescribeVolumes {
    fn answer(self, _: &mut State) -> Result<Page<Volume>, Refusal> {
        Ok(nothing())
    }
}

impl Answer for DescribeAddresses {
    fn answer(self, _: &mut State) -> Result<Vec<Address>, Refusal> {
        Ok(Vec::new())
    }
}

impl Answer for ListRunningNotebooks {
    fn answer(self, _: &mut State) -> Result<Page<Notebook>, Refusal> {
        Ok(nothing())
    }
}

impl Answer for GetBucketSizes {
    fn answer(self, _: &mut State) -> Result<Vec<Points>, Refusal> {
        Ok(vec![Points::new(); self.buckets.len()])
    }
}

impl Answer for ListStartedApplications {
    fn answer(self, _: &mut State) -> Result<Vec<String>, Refusal> {
        Ok(Vec::new())
    }
}

impl Answer for GetApplication {
    fn answer(self, _: &mut State) -> Result<Application, Refusal> {
        Err(invalid(format!("Application {} does not exist.", self.id)))
    }
}

impl Answer for HasActiveJob {
    fn answer(self, _: &mut State) -> Result<bool, Refusal> {
        Err(invalid(format!("Application {} does not exist.", self.id)))
    }
}
