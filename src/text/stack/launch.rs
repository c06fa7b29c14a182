//! How a cluster's machines start, and who may end it.

use super::script::Script;
use super::software::SOFTWARE;
use super::volumes::ROOT_VOLUME_FORMS;
use crate::model::aws_names::{ImageId, LogFolder, ProfileName, RoleName};
use crate::model::bootstrap::Bootstrap;
use crate::model::emr_settings::EmrSettings;
use crate::model::root_volume::RootVolume;
use crate::model::software::Software;
use crate::text::collections::{Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::record;
use crate::text::format::{self, Format};
use crate::text::types::{Switch, Whole};

/// How a cluster's machines start.
pub(super) struct Launch {
    pub(super) logs: Option<LogFolder>,
    pub(super) roles: Roles,
    pub(super) image: Option<ImageId>,
    pub(super) root_volume: Option<RootVolume>,
    pub(super) bootstrap: Vec<Bootstrap>,
    pub(super) step_concurrency: Option<u16>,
    pub(super) termination_protection: bool,
    pub(super) software: Software,
}

#[derive(Default)]
pub(super) struct Roles {
    service: Option<RoleName>,
    instance_profile: Option<ProfileName>,
    scaling: Option<RoleName>,
}

impl Launch {
    /// What is passed to EMR unchanged.
    pub(super) fn emr(&self) -> EmrSettings {
        EmrSettings {
            logs: self.logs.clone(),
            service_role: self.roles.service.clone(),
            instance_profile: self.roles.instance_profile.clone(),
            scaling_role: self.roles.scaling.clone(),
            image: self.image.clone(),
            software: self.software.clone(),
            ..EmrSettings::default()
        }
    }
}

/// EMR runs up to 16 bootstrap actions (EMR API, RunJobFlow). clusterup has two of its own: the
/// power-off at the deadline, and the Python packages.
const MOST_BOOTSTRAP: usize = 14;

record! {
    /// How the cluster's machines start.
    pub(super) LAUNCH: Launch = |at| {
        /// A folder of your own in S3 that EMR uploads logs to, instead of one in clusterup's bucket.
        /// The machines' role needs `s3:PutObject` there, and you need to read it. `destroy` does not
        /// remove these logs.
        logs: optional = Format::<LogFolder>::of(LogFolder::PATTERN), "s3://team-logs/emr";
        /// Existing roles to use instead of EMR's default ones.
        roles: or_empty = ROLES, "{ service: TeamEmrService, instance_profile: TeamEmrNodes }";
        /// The image that the machines start from, instead of EMR's own (from emr-5.7.0 on).
        image: optional = Format::<ImageId>::of(ImageId::PATTERN), "ami-0abcdef1234567890";
        /// The root volume of each machine, instead of EMR's own of 15 GiB.
        root_volume: optional = ROOT_VOLUME_FORMS, "50g";
        /// Scripts that run on each machine before the applications are installed, in order. If one
        /// fails, the cluster ends. They do not run on this machine (`--local`).
        bootstrap: or_empty =
            list(BOOTSTRAP, Unique::By(BOOTSTRAP.key("name")), "a bootstrap action",
                "{ name: tools, script: tools.sh }"),
            "[{ name: tools, script: tools.sh, args: [--fast] }]";
        /// How many steps run at the same time (from emr-5.28.0 on). With more than one, the steps of
        /// the job do not wait for each other, and a step that fails does not stop the others. So no
        /// step may need what another one writes.
        step_concurrency: optional = Whole(1, 256, "a number of steps"), "4";
        /// Whether people have to lift EMR's termination protection before they can end the cluster.
        /// The guardrails lift it themselves.
        termination_protection: default("false") = Switch, "true";
    } and software = SOFTWARE check {
        if let Some(extra) = bootstrap.node.and_then(|node| node.items().get(MOST_BOOTSTRAP)) {
            let message = format!("a cluster has at most {MOST_BOOTSTRAP} bootstrap actions");
            let found = Diagnostic::new(Code::BadValue, extra.mark, message);
            at.wrong(found.help("EMR runs 16, and two are clusterup's own: join some of the scripts"));
        }
    } => Launch {
        logs,
        roles,
        image,
        root_volume,
        bootstrap,
        step_concurrency,
        termination_protection,
        software,
    };
}

record! {
    /// Roles that exist. `--create-roles` does not create them.
    ROLES: Roles = |at| {
        /// The role with which EMR acts, instead of `EMR_DefaultRole`: its name or ARN.
        service: optional = Format::<RoleName>::of(RoleName::PATTERN), "TeamEmrService";
        /// The machines' instance profile, instead of `EMR_EC2_DefaultRole`: its name or ARN. Its role
        /// must read and write clusterup's bucket below `work/`, and read it below `stacks/`.
        instance_profile: optional = Format::<ProfileName>::of(ProfileName::PATTERN),
            "TeamEmrNodes";
        /// The role of automatic scaling by rules: its name or ARN.
        scaling: optional = Format::<RoleName>::of(RoleName::PATTERN), "TeamEmrScaling";
    } => Roles { service, instance_profile, scaling };
}

record! {
    /// A bootstrap action.
    BOOTSTRAP: Bootstrap = |at| {
        /// Its name.
        name: required = format::STEP, "tools";
        /// The script: a path, relative to the stack's folder, or an object in S3, `s3://…`.
        script: required = Script, "tools.sh";
        /// Its arguments, which arrive as they are written.
        args: or_empty = list(format::BOOTSTRAP_ARG, Unique::No, "an argument", "--fast"),
            "[--fast]";
    } => Bootstrap { name, script, args };
}
