//! The beliefs about AWS that need an account to be proved: what clusterup relies on and AWS's
//! documents do not say, or say without an example. `doctor --live` checks each; docs/unverified.md
//! lists what depends on them.

use super::words::words;

words! {
    /// A belief about AWS.
    pub enum Belief {
        /// The arguments of a step reach its program unchanged.
        Arguments = "arguments",
        /// The role of the instances may write below `work/` of the bucket.
        WorkFolder = "work_folder",
        /// The bucket's policy keeps the instances from writing elsewhere in it.
        BucketPolicy = "bucket_policy",
        /// S3 refuses a conditional write whose condition does not hold.
        ConditionalWrites = "conditional_writes",
        /// EMR's times of a cluster: created at the request, then ready, then ended.
        ClusterTimes = "cluster_times",
        /// The tags of the request are the cluster's, and the Tagging API returns them.
        ClusterTags = "cluster_tags",
        /// EMR lists a new cluster within the visibility window.
        NewCluster = "new_cluster",
        /// EMR carries out the same call again instead of recognizing it.
        RepeatedCall = "repeated_call",
        /// A moved deadline is read by the primary node.
        MovedDeadline = "moved_deadline",
        /// EMR's idle policy does not end a cluster whose step runs without YARN.
        BusyStep = "busy_step",
        /// EMR's idle policy ends an idle cluster.
        IdlePolicy = "idle_policy",
        /// EventBridge's schedule ends a cluster without any other safeguard.
        Schedule = "schedule",
        /// EventBridge deletes a schedule that has fired.
        FiredSchedule = "fired_schedule",
        /// The power-off of the primary ends a cluster without any other safeguard.
        PowerOff = "power_off",
        /// EMR gives the reasons of ends that clusterup expects.
        EndReasons = "end_reasons",
        /// EMR publishes metrics of a cluster while it runs.
        Metrics = "metrics",
        /// EMR uploads the logs of steps while the cluster runs.
        StepLogs = "step_logs",
        /// Nothing remains after the clusters have ended and their stacks are destroyed.
        NothingLeft = "nothing_left",
    }
}

impl Belief {
    /// All beliefs, in the order in which they are reported.
    pub const ALL: [Self; 18] = [
        Self::Arguments,
        Self::WorkFolder,
        Self::BucketPolicy,
        Self::ConditionalWrites,
        Self::ClusterTimes,
        Self::ClusterTags,
        Self::NewCluster,
        Self::RepeatedCall,
        Self::MovedDeadline,
        Self::BusyStep,
        Self::IdlePolicy,
        Self::Schedule,
        Self::FiredSchedule,
        Self::PowerOff,
        Self::EndReasons,
        Self::Metrics,
        Self::StepLogs,
        Self::NothingLeft,
    ];

    /// What AWS's documents say about it, in a few words.
    pub const fn documented(self) -> &'static str {
        match self {
            Self::Arguments => "args are a list; quotes and empty ones: not documented",
            Self::WorkFolder => "a role may do what its policies allow",
            Self::BucketPolicy => "a deny of the bucket's policy overrules the role",
            Self::ConditionalWrites => "If-None-Match and If-Match are checked; else 412",
            Self::ClusterTimes => "CreationDateTime, ReadyDateTime, EndDateTime",
            Self::ClusterTags => "tags of the request are the cluster's; delay: not documented",
            Self::NewCluster => "when it is listed: not documented",
            Self::RepeatedCall => "EMR's calls have no idempotency token",
            Self::MovedDeadline => "S3 is strongly consistent",
            Self::BusyStep => "emr-6.4 and later: the file isbusy means busy",
            Self::IdlePolicy => "ends a cluster that was idle for its timeout",
            Self::Schedule => "a universal target calls terminateJobFlows within a minute",
            Self::FiredSchedule => "DELETE after completion removes it",
            Self::PowerOff => "not documented",
            Self::EndReasons => "a list of codes, without the cause of each",
            Self::Metrics => "published every five minutes",
            Self::StepLogs => "uploaded every five minutes",
            Self::NothingLeft => "an ended cluster's instances and volumes are deleted",
        }
    }

    /// What the check measures, from when to when; `None` if it measures no time.
    pub const fn measures(self) -> Option<&'static str> {
        Some(match self {
            Self::ClusterTimes => "from the creation of the first cluster until it was ready",
            Self::ClusterTags => "from the answer to the request until the tags were listed",
            Self::NewCluster => "from the answer to the request until the cluster was listed",
            Self::MovedDeadline => "from the move until the primary reported the new deadline",
            Self::IdlePolicy => "from the end of the last long step to the end of the cluster",
            Self::Schedule => "from when the schedule was due to the end of the cluster",
            Self::PowerOff => "from when the power-off was due to the end of the cluster",
            Self::Metrics => "from when the cluster was ready until it had a metric",
            Self::StepLogs => "from the end of a step until a log of a step was uploaded",
            Self::Arguments
            | Self::WorkFolder
            | Self::BucketPolicy
            | Self::ConditionalWrites
            | Self::RepeatedCall
            | Self::BusyStep
            | Self::FiredSchedule
            | Self::EndReasons
            | Self::NothingLeft => return None,
        })
    }
}

words! {
    /// What a check of a belief has shown.
    pub enum Verdict {
        /// AWS does what clusterup believes.
        True = "true",
        /// AWS does something else.
        False = "false",
        /// The check came to no result.
        NotSeen = "not_seen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/unverified.md");

    #[test]
    fn the_page_lists_the_same_beliefs() {
        let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
        let listed: Vec<&str> = rows
            .filter_map(|row| Some(row.split_once('`')?.0))
            .collect();
        assert_eq!(listed, Belief::ALL.map(Belief::as_str));
        for row in PAGE.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 4, "{row}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
        }
    }

    #[test]
    fn the_page_says_what_is_measured() {
        let items = PAGE.lines().filter_map(|line| line.strip_prefix("- `"));
        let listed: Vec<&str> = items.filter(|item| item.contains("`: ")).collect();
        let measured = Belief::ALL.into_iter().filter_map(|belief| {
            let measures = belief.measures()?;
            Some(format!("{}`: {measures}", belief.as_str()))
        });
        assert_eq!(listed, measured.collect::<Vec<_>>());
    }
}
