//! What is kept in the clusters' folders beside the records that their supervisors write.

use super::Local;
use crate::cloud::{CloudError, Diagnoses};
use crate::model::diagnosis::Diagnosis;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use async_trait::async_trait;

#[async_trait(?Send)]
impl Diagnoses for Local {
    async fn recall(&self, clusters: &mut [Cluster]) -> Result<(), CloudError> {
        for cluster in clusters {
            let folder = self.folder(&cluster.stack, &cluster.id);
            // A file that is cut or is not ours changes nothing.
            if cluster.diagnosis.is_some()
                && let Some(kept) = folder.diagnosis(None)
            {
                cluster.diagnosis = Some(kept);
            }
            let steps = (1..).zip(&mut cluster.steps);
            for (number, step) in steps.filter(|(_, step)| step.diagnosis.is_some()) {
                if let Some(kept) = folder.diagnosis(Some(number)) {
                    step.diagnosis = Some(kept);
                }
            }
        }
        Ok(())
    }

    async fn keep(
        &self,
        stack: &StackName,
        id: &ClusterId,
        step: Option<usize>,
        diagnosis: &Diagnosis,
    ) -> Result<(), CloudError> {
        self.folder(stack, id).keep_diagnosis(step, diagnosis)
    }
}
