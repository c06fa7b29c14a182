//! Lines of `aws emr create-cluster`: those of the requests, and lines as people write them.

use crate::{imported, made, requests};
use clusterup::import::{Fate, Form, Refused};
use serde_json::{Value, json};

/// The options with a single value, and the fields of the request.
const PLAIN: [(&str, &str); 10] = [
    ("--name", "/Name"),
    ("--release-label", "/ReleaseLabel"),
    ("--service-role", "/ServiceRole"),
    ("--log-uri", "/LogUri"),
    ("--custom-ami-id", "/CustomAmiId"),
    ("--ebs-root-volume-size", "/EbsRootVolumeSize"),
    ("--ebs-root-volume-iops", "/EbsRootVolumeIops"),
    ("--step-concurrency-level", "/StepConcurrencyLevel"),
    ("--managed-scaling-policy", "/ManagedScalingPolicy"),
    ("--configurations", "/Configurations"),
];

/// The line for a request, as the console exports it.
fn line(request: &Value) -> String {
    let mut words = vec![
        "aws".to_owned(),
        "emr".to_owned(),
        "create-cluster".to_owned(),
    ];
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
    for (flag, pointer) in PLAIN {
        if let Some(value) = request.pointer(pointer) {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            add(flag, &text);
        }
    }
    let instances = &request["Instances"];
    let mut attributes = json!({ "InstanceProfile": request["JobFlowRole"] });
    for (theirs, ours) in [
        ("KeyName", "Ec2KeyName"),
        ("SubnetId", "Ec2SubnetId"),
        ("SubnetIds", "Ec2SubnetIds"),
        (
            "EmrManagedMasterSecurityGroup",
            "EmrManagedMasterSecurityGroup",
        ),
        (
            "EmrManagedSlaveSecurityGroup",
            "EmrManagedSlaveSecurityGroup",
        ),
        ("ServiceAccessSecurityGroup", "ServiceAccessSecurityGroup"),
        (
            "AdditionalMasterSecurityGroups",
            "AdditionalMasterSecurityGroups",
        ),
    ] {
        if !instances[ours].is_null() {
            attributes[theirs] = instances[ours].clone();
        }
    }
    add("--ec2-attributes", &attributes.to_string());
    for (flag, list) in [
        ("--instance-groups", "InstanceGroups"),
        ("--instance-fleets", "InstanceFleets"),
    ] {
        let Some(mut groups) = instances[list].as_array().cloned() else {
            continue;
        };
        for group in &mut groups {
            let entries = group.as_object_mut().unwrap();
            entries.remove("Market");
            if let Some(role) = entries.remove("InstanceRole") {
                entries.insert("InstanceGroupType".to_owned(), role);
            }
        }
        add(flag, &Value::from(groups).to_string());
    }
    let actions = request["BootstrapActions"].as_array().into_iter().flatten();
    let actions: Vec<Value> = actions
        .map(|action| {
            let mut flat = action["ScriptBootstrapAction"].clone();
            flat["Name"] = action["Name"].clone();
            flat
        })
        .collect();
    if !actions.is_empty() {
        add("--bootstrap-actions", &Value::from(actions).to_string());
    }
    let steps = request["Steps"].as_array().into_iter().flatten();
    let steps: Vec<Value> = steps.map(step).collect();
    if !steps.is_empty() {
        add("--steps", &Value::from(steps).to_string());
    }
    if let Some(seconds) = request.pointer("/AutoTerminationPolicy/IdleTimeout") {
        add(
            "--auto-termination-policy",
            &format!("IdleTimeout={seconds}"),
        );
    }
    words.push("--applications".to_owned());
    let names = request["Applications"].as_array().unwrap().iter();
    words.extend(names.map(|it| format!("Name={}", it["Name"].as_str().unwrap())));
    for (pointer, yes, no) in [
        (
            "/Instances/KeepJobFlowAliveWhenNoSteps",
            "--no-auto-terminate",
            "--auto-terminate",
        ),
        (
            "/Instances/TerminationProtected",
            "--termination-protected",
            "--no-termination-protected",
        ),
    ] {
        let is = request.pointer(pointer) == Some(&json!(true));
        words.push((if is { yes } else { no }).to_owned());
    }
    shlex::try_join(words.iter().map(String::as_str)).unwrap()
}

fn step(step: &Value) -> Value {
    let jar = &step["HadoopJarStep"];
    let args = jar["Args"].as_array().unwrap();
    let mut flat = json!({ "Name": step["Name"], "ActionOnFailure": step["ActionOnFailure"],
        "Properties": "" });
    if args[0] == "spark-submit" {
        flat["Type"] = json!("Spark");
        flat["Args"] = json!(args[1..]);
    } else {
        flat["Type"] = json!("CUSTOM_JAR");
        flat["Jar"] = jar["Jar"].clone();
        flat["Args"] = json!(args);
    }
    flat
}

#[test]
fn the_line_of_a_request_is_the_same_stack() {
    for (name, request) in requests() {
        let line = line(&request);
        let of_line = imported(&line).unwrap_or_else(|refused| panic!("{refused:?}\n{line}"));
        assert_eq!(of_line.form, Form::Cli);
        assert_eq!(of_line.stack, made(&request).stack, "{name}\n{line}");
        assert_eq!(of_line.counts.fatal, 0, "{name}: {:#?}", of_line.losses);
    }
}

const SHORTHAND: &str = r#"$ aws --profile team emr create-cluster \
  --name "Nightly ETL" --region eu-west-1 --release-label emr-6.15.0 --use-default-roles \
  --applications Name=Spark Name=Hive --tags owner=ana cost-center=cc-42 \
  --instance-groups InstanceGroupType=MASTER,InstanceCount=1,InstanceType=m5.xlarge \
    InstanceGroupType=CORE,InstanceCount=2,InstanceType=m5.xlarge,EbsConfiguration={EbsBlockDeviceConfigs=[{VolumeSpecification={VolumeType=gp3,SizeInGB=100},VolumesPerInstance=2}]} \
    InstanceGroupType=TASK,InstanceCount=4,InstanceType=m5.xlarge,BidPrice=OnDemandPrice \
  --ec2-attributes KeyName=team-key,SubnetId=subnet-0a1b2c3d,AdditionalMasterSecurityGroups=sg-0a1b2c3d \
  --steps Type=Spark,Name="Spark job",ActionOnFailure=CONTINUE,Args=[--class,org.example.Main,s3://bucket/app.jar,10] \
  --bootstrap-actions Path=s3://bucket/setup.sh,Args=[a,b] \
  --enable-debugging --log-uri s3://team-logs/emr/ --auto-terminate --emrfs Consistent=true"#;

#[test]
fn an_error_shows_no_text_of_the_line() {
    for (line, place) in [
        ("aws hunter2 emr create-cluster", "word 1 after aws"),
        (
            "aws emr create-cluster hunter2",
            "word 1 after create-cluster",
        ),
        ("aws emr create-cluster --steps Args=[a]hunter2", "--steps"),
        ("aws emr create-cluster --steps hunter2", "--steps"),
    ] {
        match imported(line) {
            Err(Refused::Document(wrong)) => {
                assert_eq!(wrong.place, place);
                assert!(!wrong.message.contains("hunter2"), "{wrong:?}");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn what_only_a_shell_knows_is_fatal_or_refused() {
    let start = "aws emr create-cluster --release-label emr-7.12.0 --instance-type m5.xlarge \
                 --instance-count 2 --region us-east-1";
    let made = imported(&format!("{start} --name \"etl-$STAGE\" --log-uri '$x'")).unwrap();
    let fatal = made
        .losses
        .iter()
        .find(|loss| loss.reason.contains("the shell"))
        .unwrap();
    let place = start.len() + " --name \"etl-$".len();
    assert_eq!(fatal.place, format!("the line, character {place}"));
    assert_eq!(fatal.fate, Fate::Fatal);
    for (more, place) in [
        (" | cat", "the line, character"),
        (" --termination-protected yes", "--termination-protected"),
        (" --use-default-roles x", "--use-default-roles"),
    ] {
        match imported(&format!("{start}{more}")) {
            Err(Refused::Document(wrong)) => assert!(wrong.place.starts_with(place), "{wrong:?}"),
            other => panic!("{more}: {other:?}"),
        }
    }
}

#[test]
fn shorthand_is_read() {
    let options = clusterup::import::Options::default();
    let catalog = clusterup::cost::catalog::Catalog::bundled();
    let made = clusterup::import::import(SHORTHAND, &options, catalog).unwrap();
    let stack = &made.stack;
    assert_eq!(
        (stack.name.as_str(), stack.region.as_str()),
        ("nightly-etl", "eu-west-1")
    );
    let core = stack.cluster.core.as_ref().unwrap();
    assert_eq!(core.ebs.as_ref().map(|ebs| ebs.volumes), Some(2));
    let task = stack.cluster.task.as_ref().unwrap();
    assert_eq!((task.nodes.count, task.bid), (4, None));
    assert_eq!(task.market, clusterup::model::stack::Market::Spot);
    assert_eq!(stack.tags.len(), 2);
    assert_eq!(stack.cluster.bootstrap[0].args, ["a", "b"]);
    let step = &stack.job.as_ref().unwrap().steps[0];
    assert_eq!(step.args.len(), 1);
    let places: Vec<(&str, Fate)> = made
        .losses
        .iter()
        .map(|loss| (loss.place.as_str(), loss.fate))
        .collect();
    let expected = [
        ("--profile", Fate::Lost),
        ("--enable-debugging", Fate::Lost),
        ("--emrfs", Fate::Fatal),
    ];
    assert_eq!(places, expected);
}

#[test]
fn losses_are_at_the_places_of_the_line() {
    let line = "aws emr create-cluster --release-label emr-7.12.0 --no-such a b \
        --instance-type m5.xlarge --instance-count 3 --configurations file://./c.json \
        --steps 'Type=Spark,Name=a,Args=[--name,other,s3://bucket/a.py]' \
        --kerberos-attributes Realm=EC2.INTERNAL,KdcAdminPassword=hunter2";
    let made = imported(line).unwrap();
    let places: Vec<&str> = made.losses.iter().map(|loss| loss.place.as_str()).collect();
    for place in [
        "--no-such",
        "--configurations",
        "--steps[0].Args[1]",
        "--kerberos-attributes.KdcAdminPassword",
    ] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    assert!(!made.text.contains("hunter2"));
}

#[test]
fn lines_that_are_none_are_refused_with_their_place() {
    for (line, place) in [
        ("aws emr create-cluster --name 'a", "the line"),
        ("aws emr list-clusters", "the line"),
        ("aws emr create-cluster --name a --name b", "--name"),
        (
            "aws emr create-cluster stray",
            "word 1 after create-cluster",
        ),
        (
            "aws emr create-cluster --steps [1,2",
            "--steps, line 1, column 4",
        ),
        ("aws emr create-cluster --steps Type", "--steps"),
        ("aws emr create-cluster --name a", "ReleaseLabel"),
        ("aws emr create-cluster --region moon", "the region"),
    ] {
        let options = clusterup::import::Options::default();
        let catalog = clusterup::cost::catalog::Catalog::bundled();
        match clusterup::import::import(line, &options, catalog) {
            Err(Refused::Document(wrong)) => assert_eq!(wrong.place, place, "{line}"),
            Err(Refused::Region) => assert_eq!(place, "ReleaseLabel", "{line}"),
            other => panic!("{line}: {other:?}"),
        }
    }
}
