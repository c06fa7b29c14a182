//! The progress of a job, from its Spark UI.

use crate::cloud::loopback::Page;
use crate::model::event::SparkProgress;
use serde::Deserialize;

#[derive(Deserialize)]
struct Application {
    id: String,
}

/// A Spark job. Skipped stages are those whose output existed already.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Job {
    job_id: u64,
    status: String,
    stage_ids: Vec<u64>,
    num_completed_stages: u64,
    num_skipped_stages: u64,
    num_tasks: u64,
    num_completed_tasks: u64,
    num_skipped_tasks: u64,
}

/// Returns the progress from the driver at `ui`; `None` if it does not answer within a second.
pub async fn progress(ui: &str) -> Option<SparkProgress> {
    let ui = ui.to_owned();
    tokio::task::spawn_blocking(move || fetch(&ui)).await.ok()?
}

fn fetch(ui: &str) -> Option<SparkProgress> {
    let page = Page::of(ui);
    let applications: Vec<Application> = page.get("/api/v1/applications")?;
    let id = &applications.first()?.id;
    let jobs: Vec<Job> = page.get(&format!("/api/v1/applications/{id}/jobs"))?;
    Some(sum(&jobs))
}

fn sum(jobs: &[Job]) -> SparkProgress {
    // Spark forgets the oldest of more than a thousand jobs (`spark.ui.retainedJobs`), and counts all.
    let started = jobs.iter().map(|job| job.job_id.saturating_add(1)).max();
    let started = started.unwrap_or(0);
    let running = jobs.iter().filter(|job| job.status == "RUNNING");
    let ended = started.saturating_sub(running.clone().count() as u64);
    let mut all = SparkProgress {
        jobs: started,
        jobs_done: ended,
        done: ended.saturating_mul(1_000),
        ..SparkProgress::default()
    };
    for job in running {
        let tasks = job.num_tasks.saturating_sub(job.num_skipped_tasks);
        let done = job.num_completed_tasks.min(tasks).saturating_mul(1_000);
        // A job is done when its driver says so.
        all.done += done.checked_div(tasks).unwrap_or(0).min(999);
    }
    for job in jobs {
        let stages = (job.stage_ids.len() as u64).saturating_sub(job.num_skipped_stages);
        let tasks = job.num_tasks.saturating_sub(job.num_skipped_tasks);
        all.stages += stages;
        all.tasks += tasks;
        // A stage that was repeated, since its output was lost, counts once.
        all.stages_done += job.num_completed_stages.min(stages);
        all.tasks_done += job.num_completed_tasks.min(tasks);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_stages_do_not_count() {
        let jobs: Vec<Job> = serde_json::from_str(
            r#"[{"jobId":1,"status":"RUNNING","stageIds":[1,2,3],"numTasks":30,
                 "numCompletedTasks":12,"numSkippedTasks":10,"numCompletedStages":1,
                 "numSkippedStages":1,"numFailedStages":0},
                {"jobId":0,"status":"SUCCEEDED","stageIds":[0],"numTasks":4,"numCompletedTasks":4,
                 "numCompletedStages":1}]"#,
        )
        .unwrap();
        let all = sum(&jobs);
        assert_eq!((all.stages_done, all.stages), (2, 3));
        assert_eq!((all.tasks_done, all.tasks), (16, 24));
        assert_eq!((all.jobs_done, all.jobs, all.done), (1, 2, 1_600));
    }
}
