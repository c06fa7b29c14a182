//! Documents with several clusters, of which one is chosen, and CloudTrail's records.

use crate::{made, request, requests};
use clusterup::cost::catalog::Catalog;
use clusterup::import::{Fate, Form, Imported, Options, Refused, import};
use serde_json::{Map, Value, json};

fn chosen(document: &Value, cluster: Option<&str>) -> Result<Imported, Refused> {
    let options = Options {
        cluster: cluster.map(str::to_owned),
        region: Some("us-east-1".parse().unwrap()),
        ..Options::default()
    };
    import(&document.to_string(), &options, Catalog::bundled())
}

/// The choices that are offered.
fn offered(document: &Value, cluster: Option<&str>) -> Vec<String> {
    match chosen(document, cluster) {
        Err(Refused::Clusters(names)) if cluster.is_none() => names,
        Err(Refused::NoCluster { wanted, names }) if cluster == Some(&wanted) => names,
        other => panic!("{other:?}"),
    }
}

/// A record of CloudTrail's for a request: keys begin with small letters, but for those of the user.
fn record(request: &Value, id: &str) -> Value {
    json!({ "eventSource": "elasticmapreduce.amazonaws.com", "eventName": "RunJobFlow",
        "awsRegion": "eu-west-1", "requestParameters": small(request),
        "responseElements": { "jobFlowId": id } })
}

fn small(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                let is_users = key == "Properties" && value.is_object();
                let key = format!("{}{}", key[..1].to_ascii_lowercase(), &key[1..]);
                (
                    key,
                    if is_users {
                        value.clone()
                    } else {
                        small(value)
                    },
                )
            };
            Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(small).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn a_record_of_cloudtrail_is_the_same_stack() {
    for (name, request) in requests() {
        let record = record(&request, "j-1");
        let of_record = chosen(&record, None).unwrap();
        assert_eq!(of_record.form, Form::CloudTrail);
        assert_eq!(of_record.stack, made(&request).stack, "{name}\n{record:#}");
        assert_eq!(of_record.counts, made(&request).counts, "{name}");
        assert_eq!(of_record.counts.fatal, 0, "{:?}", of_record.losses);
    }
}

#[test]
fn records_of_several_calls_are_told_apart_by_the_clusters_ids() {
    let (one, mut two) = (request("jar-steps"), request("spot-fleets"));
    two["VisibleToAllUsers"] = json!(true);
    let mut failed = record(&one, "j-3");
    failed["errorCode"] = json!("ValidationException");
    let other = json!({ "eventSource": "s3.amazonaws.com", "eventName": "PutObject" });
    let records = [failed, other, record(&one, "j-1"), record(&two, "j-2")];
    let event = |record: &Value| json!({ "CloudTrailEvent": record.to_string() });
    let events: Vec<Value> = records.iter().map(event).collect();
    for (document, place) in [
        (
            json!({ "Records": records }),
            "Records[3].requestParameters",
        ),
        (
            json!({ "Events": events }),
            "Events[3].CloudTrailEvent.requestParameters",
        ),
    ] {
        for cluster in [None, Some("j-3")] {
            assert_eq!(offered(&document, cluster), ["j-1", "j-2"]);
        }
        let of_two = chosen(&document, Some("j-2")).unwrap();
        assert_eq!(of_two.stack, made(&two).stack);
        let visible = of_two
            .losses
            .iter()
            .find(|it| it.place.ends_with("VisibleToAllUsers"));
        assert_eq!(visible.unwrap().place, format!("{place}.VisibleToAllUsers"));
    }
    // The region is that of the call.
    let alone = record(&one, "j-1").to_string();
    let of_call = import(&alone, &Options::default(), Catalog::bundled()).unwrap();
    assert_eq!(of_call.stack.region.as_str(), "eu-west-1");
    let broken = json!({ "Events": [{ "CloudTrailEvent": "{" }] });
    match chosen(&broken, None) {
        Err(Refused::Document(wrong)) => {
            assert!(
                wrong.place.starts_with("Events[0].CloudTrailEvent, line 1"),
                "{wrong:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_of_several_clusters_of_a_template_is_chosen_with_its_parts() {
    let instances = json!({ "MasterInstanceGroup": { "InstanceType": "m5.xlarge",
        "InstanceCount": 1 } });
    let cluster = |name: &str| {
        json!({ "Type": "AWS::EMR::Cluster", "Properties": { "Name": name,
            "ReleaseLabel": "emr-7.12.0", "ServiceRole": "EMR_DefaultRole",
            "JobFlowRole": "EMR_EC2_DefaultRole", "Instances": instances } })
    };
    let step = |of: Value, name: &str| {
        json!({ "Type": "AWS::EMR::Step", "Properties": { "JobFlowId": of, "Name": name,
            "ActionOnFailure": "CONTINUE", "HadoopJarStep": { "Jar": "command-runner.jar",
            "Args": ["spark-submit", "s3://bucket/a.py"] } } })
    };
    let mut template = json!({ "Resources": { "A": cluster("a"), "B": cluster("b"),
        "OfA": step(json!({ "Ref": "A" }), "one"), "OfB": step(json!({ "Ref": "B" }), "two") } });
    assert_eq!(offered(&template, None), ["A", "B"]);
    assert_eq!(offered(&template, Some("C")), ["A", "B"]);
    let names = |made: &Imported| {
        let steps = &made.stack.job.as_ref().unwrap().steps;
        steps
            .iter()
            .map(|step| step.name.to_string())
            .collect::<Vec<_>>()
    };
    let b = chosen(&template, Some("B")).unwrap();
    assert_eq!((b.stack.name.as_str(), b.counts.fatal), ("b", 0));
    assert_eq!(names(&b), ["two"]);
    template["Resources"]["Elsewhere"] = step(json!("j-1"), "three");
    let a = chosen(&template, Some("A")).unwrap();
    assert_eq!(names(&a), ["one"]);
    let fatal = a.losses.iter().filter(|loss| loss.fate == Fate::Fatal);
    let places: Vec<&str> = fatal.map(|loss| loss.place.as_str()).collect();
    assert_eq!(places, ["Resources.Elsewhere"]);
    // Other forms have one cluster.
    assert!(matches!(
        chosen(&request("jar-steps"), Some("A")),
        Err(Refused::Document(_))
    ));
}

fn terraform(key: &str, of_parts: [Value; 3]) -> Value {
    let resource = |kind: &str, name: &str, values: Value| {
        json!({ "address": format!("{kind}.{name}"), "mode": "managed", "type": kind,
            "values": values })
    };
    let group = json!([{ "instance_type": "m5.xlarge", "instance_count": 1 }]);
    let cluster = |name: &str, id: Value| {
        let values = json!({ "id": id, "name": name, "release_label": "emr-7.12.0",
            "service_role": "EMR_DefaultRole", "master_instance_group": group,
            "core_instance_group": group,
            "ec2_attributes": [{ "instance_profile": "EMR_EC2_DefaultRole" }] });
        resource("aws_emr_cluster", name, values)
    };
    let is_state = key == "values";
    let id = |id: &str| if is_state { json!(id) } else { Value::Null };
    let mut resources = vec![cluster("a", id("j-a")), cluster("b", id("j-b"))];
    for (number, of) in of_parts.into_iter().enumerate() {
        let values = json!({ "cluster_id": of, "instance_type": format!("m5.{}xlarge", 4 * (number + 1)),
            "instance_count": 2 });
        resources.push(resource(
            "aws_emr_instance_group",
            &format!("g{number}"),
            values,
        ));
    }
    json!({ "format_version": "1.0", key: { "root_module": { "resources": resources } } })
}

#[test]
fn one_of_several_clusters_of_terraform_is_chosen_with_its_parts() {
    let task = |document: &Value, cluster: &str| {
        let made = chosen(document, Some(cluster)).unwrap();
        let task = made
            .stack
            .cluster
            .task
            .map(|task| task.nodes.instance_type.to_string());
        let fatal = made
            .losses
            .into_iter()
            .filter(|loss| loss.fate == Fate::Fatal);
        (task, fatal.map(|loss| loss.place).collect::<Vec<_>>())
    };
    let (a, b) = ("aws_emr_cluster.a", "aws_emr_cluster.b");
    let state = terraform("values", [json!("j-a"), json!("j-b"), json!("j-c")]);
    assert_eq!(offered(&state, None), [a, b]);
    assert_eq!(task(&state, a), (Some("m5.4xlarge".to_owned()), vec![]));
    assert_eq!(task(&state, b), (Some("m5.8xlarge".to_owned()), vec![]));
    // What a plan makes has no id yet: its configuration names the clusters.
    let mut plan = terraform("planned_values", [Value::Null, Value::Null, Value::Null]);
    let config = |number: usize, of: &str| {
        json!({ "address": format!("aws_emr_instance_group.g{number}"),
            "type": "aws_emr_instance_group",
            "expressions": { "cluster_id": { "references": [format!("{of}.id"), of] } } })
    };
    let resources = [config(0, a), config(1, b)];
    plan["configuration"] = json!({ "root_module": { "resources": resources } });
    let unknown = vec!["aws_emr_instance_group.g2".to_owned()];
    assert_eq!(task(&plan, b), (Some("m5.8xlarge".to_owned()), unknown));
}
