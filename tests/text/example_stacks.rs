//! The stacks in `examples/stacks`: each is valid, and each of its files exists.

use super::at;
use clusterup::model::bootstrap::BootstrapScript;
use clusterup::model::stack::Source;
use clusterup::model::work::StepFile;
use clusterup::text;
use std::path::PathBuf;

#[test]
fn every_example_stack_is_valid_and_has_its_files() {
    let folder = at("examples/stacks");
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut stacks: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    stacks.retain(|path| path.extension().is_some_and(|ext| ext == "yaml"));
    stacks.sort();
    assert!(stacks.len() >= 10, "{stacks:?}");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for path in stacks {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let stack = text::parse(&name, &text, &folder, &[]);
        let stack = stack.unwrap_or_else(|wrong| panic!("{wrong}"));
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(stack.name.as_str(), stem, "the file has the stack's name");
        let link = format!("| [`{stem}.yaml`]({stem}.yaml) | ");
        assert!(readme.contains(&link), "{stem} is not in README.md");
        let steps = stack.job.iter().flat_map(|job| &job.steps);
        let local = steps.flat_map(|step| step.files().filter_map(StepFile::local));
        let mut files: Vec<&PathBuf> = local.collect();
        files.extend(
            stack
                .cluster
                .bootstrap
                .iter()
                .filter_map(|action| match &action.script {
                    BootstrapScript::Path(path) => Some(path),
                    BootstrapScript::S3(_) => None,
                }),
        );
        files.extend(stack.data.values().filter_map(|data| match &data.source {
            Source::Path(path) => Some(path),
            Source::Url { .. } | Source::S3(_) => None,
        }));
        for file in files {
            assert!(file.exists(), "{name}: {}", file.display());
        }
    }
}
