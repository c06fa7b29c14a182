//! What is kept in a cluster's folder about its steps: written by `apply` under the stack's lock,
//! while the supervisor writes the status.

use super::folder::Folder;
use super::json::{read, write};
use crate::cloud::error::{CloudError, IoContext};
use crate::model::diagnosis::Diagnosis;
use std::fs;
use std::path::PathBuf;

impl Folder {
    /// Why a step failed, by its number from 1, or why the cluster never was ready, as it was kept;
    /// `None` if it was not, or cannot be read.
    pub fn diagnosis(&self, step: Option<usize>) -> Option<Diagnosis> {
        read(&self.diagnosis_file(step)).ok()
    }

    /// Keeps why a step failed, by its number from 1, or why the cluster never was ready. Does nothing
    /// if there is no such cluster.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written.
    pub fn keep_diagnosis(
        &self,
        step: Option<usize>,
        diagnosis: &Diagnosis,
    ) -> Result<(), CloudError> {
        if !self.was_started() {
            return Ok(());
        }
        let path = self.diagnosis_file(step);
        let draft = path.with_extension("draft");
        let doing = || format!("write {}", path.display());
        fs::create_dir_all(self.diagnoses()).during(doing)?;
        write(&draft, diagnosis)?;
        fs::rename(&draft, &path).during(doing)
    }

    fn diagnosis_file(&self, step: Option<usize>) -> PathBuf {
        let name = step.map_or_else(|| "start".to_owned(), |number| format!("{number:02}"));
        self.diagnoses().join(name + ".json")
    }

    fn diagnoses(&self) -> PathBuf {
        self.path().join("diagnoses")
    }
}
