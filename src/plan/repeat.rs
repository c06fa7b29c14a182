//! Which steps of a failed job need not run again: those that ended well and wrote to `${scratch}`
//! alone, as far as the stack shows it. In doubt a step runs again.

use crate::model::name::StepName;
use crate::model::relative::FileName;
use crate::model::stack::{Arg, Job, Piece, Step};
use crate::model::work::Work;
use std::collections::BTreeSet;

/// The steps that are not repeated, and the folders of `${scratch}` that they wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Done {
    pub(super) steps: BTreeSet<StepName>,
    pub(super) kept: BTreeSet<FileName>,
}

impl Done {
    /// `completed`: the steps that ended well.
    pub(super) fn of(job: &Job, completed: &BTreeSet<StepName>) -> Self {
        let Some(mentions) = job.steps.iter().map(paths).collect::<Option<Vec<_>>>() else {
            return Self::default();
        };
        let all = || job.steps.iter().zip(&mentions);
        let is_done = |step: &Step| completed.contains(&step.name) && writes_scratch_alone(step);
        let done: Vec<_> = all().filter(|(step, _)| is_done(step)).collect();
        let repeated: BTreeSet<&str> = all()
            .filter(|(step, _)| !is_done(step))
            .flat_map(|(_, paths)| paths)
            .map(String::as_str)
            .collect();
        let written: BTreeSet<&str> = done
            .iter()
            .flat_map(|(_, paths)| paths.iter())
            .map(String::as_str)
            .collect();
        // A folder beside one that is kept would be kept half written.
        let top = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
        let tops: BTreeSet<String> = written.iter().map(|path| top(path)).collect();
        let mut others = repeated.iter().filter(|path| !written.contains(*path));
        if others.any(|path| tops.contains(&top(path))) {
            return Self::default();
        }
        let kept: Option<BTreeSet<FileName>> = tops.iter().map(|top| top.parse().ok()).collect();
        let steps = done.iter().map(|(step, _)| step.name.clone()).collect();
        kept.map_or_else(Self::default, |kept| Self { steps, kept })
    }
}

/// Whether a step's arguments name a folder of `${scratch}`, and nothing else that it may write to. What
/// other programs than Spark write is not known.
fn writes_scratch_alone(step: &Step) -> bool {
    let has = |is: fn(&Piece) -> bool| step.args.iter().flatten().any(is);
    step.work.is_spark()
        && has(|piece| matches!(piece, Piece::Scratch))
        && !has(|piece| matches!(piece, Piece::Results))
        && !has(|piece| matches!(piece, Piece::Text(text) if text.contains("://")))
}

/// The paths below `${scratch}` that a step names; `None` if one is not plain.
fn paths(step: &Step) -> Option<Vec<String>> {
    let work: Vec<&Arg> = match &step.work {
        Work::Command(words) => words.iter().collect(),
        Work::Copy { from, to } => vec![from, to],
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) | Work::Shell(_) => {
            Vec::new()
        }
    };
    let mut paths = Vec::new();
    for arg in step.args.iter().chain(work) {
        let mut pieces = arg.iter().peekable();
        while let Some(piece) = pieces.next() {
            if matches!(piece, Piece::Scratch) {
                let Some(Piece::Text(text)) = pieces.next() else {
                    return None;
                };
                paths.push(plain(text)?);
            }
        }
    }
    Some(paths)
}

/// `/clean/part` as `clean/part`.
fn plain(text: &str) -> Option<String> {
    let path = text.strip_prefix('/')?.trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_name = |name: &str| !name.trim_matches('.').is_empty() && name.chars().all(is_plain);
    path.split('/').all(is_name).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What is not repeated if all steps but the last have ended well.
    fn done(steps: &str) -> String {
        let yaml = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
             job:\n  steps:\n{steps}\n"
        );
        let stack = crate::text::parse("t.yaml", &yaml, Path::new("/s"), &[]).unwrap();
        let job = stack.job.unwrap();
        let names = job.steps.iter().map(|step| step.name.clone());
        let mut completed: BTreeSet<StepName> = names.collect();
        completed.remove(&job.steps.last().unwrap().name);
        let done = Done::of(&job, &completed);
        let steps: Vec<&str> = done.steps.iter().map(StepName::as_str).collect();
        let kept: Vec<&str> = done.kept.iter().map(FileName::as_str).collect();
        format!("{} [{}]", steps.join(" "), kept.join(" "))
    }

    fn script(name: &str, args: &str) -> String {
        format!("    - {{ name: {name}, script: {name}.py, args: [{args}] }}\n")
    }

    #[test]
    fn a_step_that_wrote_to_scratch_alone_is_not_repeated() {
        let clean = script("clean", "--in, in, --out, \"${scratch}/clean/all\"");
        let report = script("report", "\"${scratch}/clean/all\", \"${results}/report\"");
        assert_eq!(done(&format!("{clean}{report}")), "clean [clean]");
        let more = script("more", "\"--out=${scratch}/more\"");
        let all = format!("{clean}{more}{report}");
        assert_eq!(done(&all), "clean more [clean more]");
        // Of a step with results its input is kept, and it runs again.
        let both = script("both", "\"${scratch}/clean/all\", \"${results}/both\"");
        assert_eq!(done(&format!("{clean}{both}{report}")), "clean [clean]");
        let last = script("last", "\"${scratch}/clean/all\", \"${scratch}/other\"");
        assert_eq!(done(&format!("{clean}{last}")), "clean [clean]");
    }

    #[test]
    fn in_doubt_a_step_runs_again() {
        let clean = script("clean", "--out, \"${scratch}/clean\"");
        let report = script("report", "\"${scratch}/clean\", \"${results}\"");
        let none = " []";
        for doubtful in [
            script("x", "\"${scratch}/x\", \"${results}/x\""),
            script("x", "\"${scratch}/x\", \"s3://bucket/x\""),
            script("x", "in"),
            "    - { name: x, command: [tool, \"${scratch}/x\"] }\n".to_owned(),
            "    - { name: x, shell: x.sh, args: [\"${scratch}/x\"] }\n".to_owned(),
        ] {
            assert_eq!(done(&format!("{doubtful}{report}")), none, "{doubtful}");
            let beside = done(&format!("{doubtful}{clean}{report}"));
            assert_eq!(beside, "clean [clean]", "{doubtful}");
        }
        for doubtful in [
            script("x", "\"${scratch}\""),
            script("x", "\"${scratch}/\""),
            script("x", "\"${scratch}/..\""),
            script("x", "\"${scratch}/x/..\""),
            script("x", "\"${scratch}x\""),
            script("x", "\"${scratch}/a,${scratch}/b\""),
            script("x", "\"${scratch}/*\""),
            "    - { name: x, copy: { from: \"${scratch}\", to: \"hdfs:///x\" } }\n".to_owned(),
        ] {
            let all = format!("{clean}{doubtful}{report}");
            assert_eq!(done(&all), none, "{doubtful}");
        }
        // What the last step wrote beside it must not stay.
        let beside = script("beside", "\"${scratch}/clean\", \"${scratch}/clean/more\"");
        assert_eq!(done(&format!("{clean}{beside}")), none);
    }
}
