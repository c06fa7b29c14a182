//! What a plan needs to know of this machine.

use super::{Local, launch, machine, maven};
use crate::cloud::Planning;
use crate::cloud::error::{Class, CloudError};
use crate::cloud::gather::Gather;
use crate::model::event::Listener;
use crate::model::facts::Facts;
use crate::model::plan::Plan;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::sample::Sample;
use crate::model::shown;
use crate::model::stack::Stack;
use async_trait::async_trait;
use std::path::Path;

#[async_trait(?Send)]
impl Planning for Local {
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError> {
        let gather = Gather {
            records: None,
            store: &self.store,
            home: self.machine.home.as_deref(),
            reads_s3: false,
            prices: &self.prices,
            listener,
        };
        let bucket = self.layout.bucket(&stack.name);
        check_path(&bucket)?;
        maven::check(stack, self.machine.home.as_deref(), maven::reaches)?;
        Ok(Facts {
            bucket: bucket.to_string_lossy().into_owned(),
            work: bucket.to_string_lossy().into_owned(),
            capacity: machine::capacity(),
            ending: launch::ENDING,
            ..gather.facts(stack, sample).await?
        })
    }

    async fn check(&self, _: &Plan) -> Result<Vec<Safeguard>, CloudError> {
        let says = "its supervisor ends it, even after the command line ended";
        Ok(vec![Safeguard::armed(
            SafeguardKind::Supervisor,
            None,
            says,
        )])
    }
}

/// Returns an error if Hadoop would misread the path of a folder.
fn check_path(folder: &Path) -> Result<(), CloudError> {
    let shown = folder.to_string_lossy();
    if !shown.contains([':', '\\', ',', '*', '?', '[', ']', '{', '}']) {
        return Ok(());
    }
    let message = format!(
        "Spark cannot read {}: some characters in that path have a special meaning for Spark",
        shown::line(&shown, 500)
    );
    Err(CloudError::new(Class::Input, message)
        .hint("use another state folder: export XDG_STATE_HOME=\"$HOME/.local/state\""))
}
