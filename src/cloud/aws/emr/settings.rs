//! The settings that EMR takes as they are, in the call that makes a cluster and in what it shows.

use crate::model::aws_names::{INSTANCE_PROFILE, LogFolder, SERVICE_ROLE};
use crate::model::emr_settings::EmrSettings;
use crate::model::software::Software;
use aws_sdk_emr::operation::run_job_flow::builders::RunJobFlowFluentBuilder;
use aws_sdk_emr::types::Cluster;

pub(super) fn asked(call: RunJobFlowFluentBuilder, with: EmrSettings) -> RunJobFlowFluentBuilder {
    fn text(value: Option<impl ToString>) -> Option<String> {
        value.map(|value| value.to_string())
    }
    call.set_security_configuration(text(with.security_configuration))
        .set_log_encryption_kms_key_id(text(with.log_encryption_key))
        .set_auto_scaling_role(text(with.scaling_role))
        .set_custom_ami_id(text(with.image))
}

/// What EMR shows. What cannot be ours, since no stack could say it, is as good as not set.
pub(super) fn shown(theirs: &Cluster) -> EmrSettings {
    fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
        text?.parse().ok()
    }
    let machines = theirs.ec2_instance_attributes();
    let profile = machines.and_then(|machines| machines.iam_instance_profile());
    EmrSettings {
        security_configuration: parsed(theirs.security_configuration()),
        log_encryption_key: parsed(theirs.log_encryption_kms_key_id()),
        // Its applications and configurations are read on their own.
        software: Software::default(),
        logs: theirs.log_uri().and_then(LogFolder::shown),
        service_role: parsed(theirs.service_role().filter(|role| *role != SERVICE_ROLE)),
        instance_profile: parsed(profile.filter(|profile| *profile != INSTANCE_PROFILE)),
        scaling_role: parsed(theirs.auto_scaling_role()),
        image: parsed(theirs.custom_ami_id()),
    }
}
