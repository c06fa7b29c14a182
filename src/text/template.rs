//! The stack that `clusterup init` writes, with only what is needed to run.

use crate::model::name::StackName;

/// A commented stack that runs `job.py` in its own folder.
pub fn template(name: &StackName) -> String {
    format!(
        r#"# A stack of clusterup: what it takes to run `job.py` on a Spark cluster, and what ends
# the cluster again.
#
#   clusterup validate STACK         every mistake at once
#   clusterup plan STACK             what would be made on AWS, and why
#   clusterup apply STACK            makes it, runs the job, brings the results home
#
# With --local, plan and apply mean this machine, for nothing.

stack: {name}
region: us-east-1

cluster:
  release: emr-7.x             # the newest EMR 7; or one such as emr-7.12.0
  size: 3 x m5.xlarge          # one machine leads, two work

job:
  # python_packages: [numpy]   # what the script imports besides PySpark
  steps:
    - name: main
      script: job.py           # relative to the folder of this file
      args: [--out, "${{results}}"]
      # For `${{data.input}}` among the arguments:
      #
      #   data:
      #     input: {{ path: input.csv }}    # or {{ url: … }}, or {{ s3: s3://bucket/key }}
  results: results             # where `${{results}}` is downloaded to

guardrails:                    # whatever happens to the job, to this machine, to you
  idle_timeout: 10m            # the cluster ends when it has done nothing for this long,
  max_lifetime: 1h             # when it is this old,
  when_done: terminate         # and with the job; `keep` leaves it to the two above
  # budget: $3                 # when it would cost more: it ends below that, its ending included
  # ceiling: {{ max_lifetime: 4h, budget: $6 }}   # how far `clusterup extend` may move these
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_template_is_a_stack() {
        let name: StackName = "first-steps".parse().unwrap();
        let stack = crate::text::parse("x.yaml", &template(&name), Path::new(""), &[]).unwrap();
        assert_eq!(stack.name, name);
        assert_eq!(stack.job.unwrap().steps[0].script, Path::new("job.py"));
    }
}
