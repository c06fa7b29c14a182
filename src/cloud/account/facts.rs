//! What planning has to know besides what exists: files of this machine, the bucket's place, and
//! which release is the newest of its line.

use super::Account;
use super::cut::ENDING;
use super::errors::Doing;
use super::names;
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::cloud::api::emr::ListReleaseLabels;
use crate::cloud::gather::Gather;
use crate::model::event::Listener;
use crate::model::facts::Facts;
use crate::model::release::Release;
use crate::model::sample::Sample;
use crate::model::stack::Stack;

impl<A: Api> Account<A> {
    pub(super) async fn gather(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        hear: &dyn Listener,
    ) -> Result<Facts, CloudError> {
        // Who asks comes first: without credentials nothing else is worth reading.
        let bucket = self.bucket().await?.name;
        let gather = Gather {
            store: &self.settings.store,
            home: self.settings.home.as_deref(),
            reads_s3: true,
            prices: &self.settings.prices,
            hear,
        };
        Ok(Facts {
            bucket: format!(
                "s3://{bucket}/{}",
                names::prefix(&stack.name).trim_end_matches('/')
            ),
            label: self.label(&stack.cluster.release).await?,
            ending: ENDING,
            ..gather.facts(stack, sample).await?
        })
    }

    /// The label that a release stands for; none where AWS offers none.
    async fn label(&self, release: &Release) -> Result<Option<String>, CloudError> {
        if let Release::Label(label) = release {
            return Ok(Some(label.clone()));
        }
        let (mut labels, mut next) = (Vec::new(), None);
        loop {
            let call = ListReleaseLabels {
                prefix: release.prefix(),
                next,
            };
            let page = self.api.serve(call).await;
            let page = page.doing(|| "list the releases of EMR".to_owned())?;
            labels.extend(page.items);
            next = page.next;
            if next.is_none() {
                let newest = release.newest(labels.iter().map(String::as_str));
                return Ok(newest.map(str::to_owned));
            }
        }
    }
}
