//! The stack that `clusterup init` writes, with only what is needed to run.

use crate::model::name::StackName;

/// A commented stack that runs `job.py` in its own folder.
pub fn template(name: &StackName) -> String {
    format!(
        r#"# A stack of clusterup: runs `job.py` on a Spark cluster, and limits when the cluster ends.
#
#   clusterup validate STACK         reports every mistake at once
#   clusterup plan STACK             shows what apply would create on AWS, and why
#   clusterup apply STACK            creates it, runs the job, downloads the results
#
# With --local, plan and apply use this machine, at no cost.

stack: {name}
region: us-east-1

cluster:
  release: emr-7.x             # the newest EMR 7; or an exact release such as emr-7.12.0
  size: 3 x m5.xlarge          # one primary and two core nodes

job:
  # python_packages: [numpy]   # what the script imports besides PySpark
  steps:
    - name: main
      script: job.py           # relative to the folder of this file
      args: [--out, "${{results}}"]
      # To use `${{data.input}}` in the arguments, declare the data set:
      #
      #   data:
      #     input: {{ path: input.csv }}    # or {{ url: … }}, or {{ s3: s3://bucket/key }}
  results: results             # the folder that `${{results}}` is downloaded to

guardrails:                    # the cluster ends:
  idle_timeout: 10m            # when it has been idle for ten minutes
  max_lifetime: 1h             # when it is one hour old
  when_done: terminate         # when its job is done; with `keep`, only by the other guardrails
  # budget: $3                 # early enough to cost less than this
  # ceiling: {{ max_lifetime: 4h, budget: $6 }}   # the limits up to which `extend` may raise these
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::work::StepFile;
    use std::path::Path;

    #[test]
    fn the_template_is_a_stack() {
        let name: StackName = "first-steps".parse().unwrap();
        let stack = crate::text::parse("x.yaml", &template(&name), Path::new(""), &[]).unwrap();
        assert_eq!(stack.name, name);
        let job = StepFile::Local("job.py".into());
        assert_eq!(stack.job.unwrap().steps[0].work.file(), Some(&job));
    }
}
