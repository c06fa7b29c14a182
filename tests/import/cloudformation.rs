//! Templates of CloudFormation: those of the requests, and YAML with functions.

use crate::{imported, made, requests};
use clusterup::import::{Fate, Form, Refused};
use serde_json::{Value, json};

fn configurations(of: &Value) -> Value {
    let each = of.as_array().into_iter().flatten().map(|of| {
        json!({ "Classification": of["Classification"],
            "ConfigurationProperties": of["Properties"],
            "Configurations": configurations(&of["Configurations"]) })
    });
    each.collect()
}

/// The template of a request. `apart`: its steps are resources of their own.
fn template(request: &Value, apart: bool) -> Value {
    let mut properties = request.clone();
    let entries = properties.as_object_mut().unwrap();
    if let Some(of) = entries.get_mut("Configurations") {
        *of = configurations(of);
    }
    for (list, role, names) in [
        (
            "InstanceGroups",
            "InstanceRole",
            [
                "MasterInstanceGroup",
                "CoreInstanceGroup",
                "TaskInstanceGroups",
            ],
        ),
        (
            "InstanceFleets",
            "InstanceFleetType",
            [
                "MasterInstanceFleet",
                "CoreInstanceFleet",
                "TaskInstanceFleets",
            ],
        ),
    ] {
        let instances = entries["Instances"].as_object_mut().unwrap();
        let Some(Value::Array(all)) = instances.remove(list) else {
            continue;
        };
        for mut machines in all {
            let role = machines.as_object_mut().unwrap().remove(role).unwrap();
            let [primary, core, task] = names;
            match role.as_str().unwrap() {
                "MASTER" => instances.insert(primary.to_owned(), machines),
                "CORE" => instances.insert(core.to_owned(), machines),
                _ => instances.insert(task.to_owned(), json!([machines])),
            };
        }
    }
    let mut resources = json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": { "a": 1 } } });
    if apart && let Some(Value::Array(steps)) = entries.remove("Steps") {
        // Their names are not in the order in which they run.
        let name = |number: usize| format!("Step{}", 99 - number);
        for (number, mut step) in steps.into_iter().enumerate() {
            step["JobFlowId"] = json!({ "Ref": "Cluster" });
            let mut resource = json!({ "Type": "AWS::EMR::Step", "Properties": step });
            if number > 0 {
                resource["DependsOn"] = json!(name(number - 1));
            }
            resources[name(number)] = resource;
        }
    }
    resources["Cluster"] = json!({ "Type": "AWS::EMR::Cluster", "Properties": properties });
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}

#[test]
fn the_template_of_a_request_is_the_same_stack() {
    for (number, (name, request)) in requests().into_iter().enumerate() {
        let template = template(&request, number % 2 == 0).to_string();
        let of_template = imported(&template);
        let of_template = of_template.unwrap_or_else(|refused| panic!("{refused:?}\n{template}"));
        assert_eq!(of_template.form, Form::CloudFormation);
        assert_eq!(
            of_template.stack,
            made(&request).stack,
            "{name}\n{template}"
        );
        assert_eq!(
            of_template.counts.fatal, 0,
            "{name}: {:#?}",
            of_template.losses
        );
    }
}

const YAML: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Type: { Type: String, Default: m5.xlarge }
  Stage: { Type: String, Default: prod }
  Subnet: { Type: "AWS::EC2::Subnet::Id" }
Resources:
  Etl:
    Type: AWS::EMR::Cluster
    Properties:
      Name: !Sub "etl-${Stage}"
      ReleaseLabel: emr-6.15.0
      ServiceRole: EMR_DefaultRole
      JobFlowRole: !GetAtt Profile.Arn
      Instances:
        MasterInstanceGroup: { InstanceType: !Ref Type, InstanceCount: 1 }
        CoreInstanceGroup:
          InstanceType: !Ref Type
          InstanceCount: 2
          EbsConfiguration:
            EbsBlockDeviceConfigs:
              - VolumeSpecification: { VolumeType: gp3, SizeInGB: 64 }
        Ec2SubnetId: !Ref Subnet
        Ec2KeyName: !If [HasKey, team-key, !Ref "AWS::NoValue"]
      Applications: [{ Name: Spark }]
      Configurations:
        - Classification: spark-defaults
          ConfigurationProperties: { spark.x: !Join ["-", [a, !Ref Stage]] }
        - Classification: core-site
          ConfigurationProperties: { fs.s3a.secret.key: "{{resolve:secretsmanager:x}}" }
  Run:
    Type: AWS::EMR::Step
    Properties:
      JobFlowId: !Ref Etl
      Name: run
      ActionOnFailure: CONTINUE
      HadoopJarStep:
        Jar: command-runner.jar
        Args: [spark-submit, "s3://bucket/job.py", !Sub "s3://data-${Stage}/in"]
        StepProperties: [{ Key: a, Value: b }]
"#;

#[test]
fn functions_of_parameters_are_carried_out_and_others_are_fatal() {
    let made = imported(YAML).unwrap();
    assert_eq!(made.stack.name.as_str(), "etl-prod");
    let core = made.stack.cluster.core.as_ref().unwrap();
    assert_eq!(core.nodes.to_string(), "2 x m5.xlarge");
    assert!(made.text.contains("spark.x: a-prod"), "{}", made.text);
    assert!(made.text.contains("s3://data-prod/in"), "{}", made.text);
    let fatal = made.losses.iter().filter(|loss| loss.fate == Fate::Fatal);
    let places: Vec<&str> = fatal.map(|loss| loss.place.as_str()).collect();
    for place in [
        "Resources.Etl.Properties.JobFlowRole",
        "Resources.Etl.Properties.Instances.Ec2SubnetId",
        "Resources.Etl.Properties.Instances.Ec2KeyName",
        "Resources.Run.Properties.HadoopJarStep.Properties",
    ] {
        assert!(
            places.iter().any(|at| at.starts_with(place)),
            "{place}: {places:?}"
        );
    }
    let secret = "Configurations[1].ConfigurationProperties.fs.s3a.secret.key";
    assert!(places.iter().any(|at| at.ends_with(secret)), "{places:?}");
}

#[test]
fn what_only_cloudformation_decides_is_fatal() {
    let template = |kind: &str, default: &str, name: &str| {
        json!({ "Parameters": { "P": { "Type": kind, "Default": default },
                "L": { "Type": "CommaDelimitedList", "Default": "a, b" } },
            "Resources": { "C": { "Type": "AWS::EMR::Cluster", "Condition": "IsProd",
            "Properties": { "Name": "a", "ReleaseLabel": "emr-7.12.0", "LogUri": { name: "P" },
                "Instances": { "MasterInstanceGroup": { "InstanceType": "m5.xlarge",
                    "InstanceCount": 1 }, "AdditionalMasterSecurityGroups": { "Ref": "L" } } } } }
        })
    };
    let fatal = |template: &Value| {
        let losses = imported(&template.to_string()).unwrap().losses.into_iter();
        let fatal = losses.filter(|loss| loss.fate == Fate::Fatal);
        fatal.map(|loss| loss.place).collect::<Vec<_>>()
    };
    let condition = "Resources.C.Condition".to_owned();
    let logs = "Resources.C.Properties.LogUri".to_owned();
    let has = |places: &[String], place: &String| places.contains(place);
    let plain = fatal(&template("String", "s3://team-logs/x/", "Ref"));
    assert!(has(&plain, &condition) && !has(&plain, &logs), "{plain:?}");
    for (kind, default) in [
        ("AWS::SSM::Parameter::Value<String>", "/logs"),
        ("String", "{{resolve:ssm:/logs}}"),
    ] {
        let places = fatal(&template(kind, default, "Ref"));
        assert!(has(&places, &logs), "{kind}: {places:?}");
    }
}

#[test]
fn functions_with_long_results_are_bounded() {
    let mut nested = json!({ "Fn::Sub": ["x", {}] });
    for _ in 0..15 {
        nested = json!({ "Fn::Sub": ["${a}${a}${a}", { "a": nested }] });
    }
    let template = json!({ "Resources": { "C": { "Type": "AWS::EMR::Cluster", "Properties": {
        "Name": nested, "ReleaseLabel": "emr-7.12.0",
        "Instances": { "MasterInstanceGroup": { "InstanceType": "m5.xlarge" } } } } } });
    let made = imported(&template.to_string()).unwrap();
    assert!(
        made.losses
            .iter()
            .any(|it| it.reason.contains("this Fn::Sub")),
        "{made:?}"
    );
}

#[test]
fn the_argument_of_a_function_is_not_shown() {
    let template = YAML.replace("!Sub \"etl-${Stage}\"", "!Sub \"hunter2-${Nowhere}\"");
    let made = imported(&template).unwrap();
    let all = format!("{}{:?}", made.text, made.losses);
    assert!(!all.contains("hunter2"), "{all}");
    assert!(
        all.contains("only CloudFormation knows Ref of Subnet"),
        "{all}"
    );
    assert!(all.contains("Fn::GetAtt of Profile.Arn"), "{all}");
}

#[test]
fn templates_that_cannot_be_read_are_refused_with_their_place() {
    for (template, place, says) in [
        (
            "Resources: {}",
            "Resources",
            "there is no AWS::EMR::Cluster",
        ),
        ("Resources:\n  a: [", "line 2, column 6", "not closed"),
        (
            "Resources:\n  a: 1\n  a: 2",
            "line 3, column 3",
            "there twice",
        ),
        (
            "Resources: !!python/x 1",
            "line 1, column 12",
            "not supported",
        ),
    ] {
        match imported(template) {
            Err(Refused::Document(wrong)) => {
                assert_eq!(wrong.place, place, "{template}");
                assert!(
                    wrong.message.contains(says),
                    "{template}: {}",
                    wrong.message
                );
            }
            other => panic!("{template}: {other:?}"),
        }
    }
    let bomb = format!(
        "a: &a [x, x]\nb: &b [*a, *a]\nResources: [{}]",
        "*b, ".repeat(9_000)
    );
    assert!(matches!(imported(&bomb), Err(Refused::Document(_))));
    let deep = format!("Resources: {}", "[".repeat(5_000));
    assert!(matches!(imported(&deep), Err(Refused::Document(_))));
}
