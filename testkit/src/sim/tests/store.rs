//! The bucket: conditions, lists, multipart uploads, results; and the duration of calls.

use super::{CALM, launch, order, run, until};
use crate::sim::{ACCOUNT, Settings, Sim};
use chrono::TimeDelta;
use clusterup::cloud::api::emr::{NewStep, RunJobFlow};
use clusterup::cloud::api::iam::{
    AddRoleToInstanceProfile, CreateInstanceProfile, CreateRole, GetInstanceProfile, GetRole,
};
use clusterup::cloud::api::s3::{
    BAD_DIGEST, Body, Bucket, CompleteMultipartUpload, Condition, CreateBucket,
    CreateMultipartUpload, DeleteBucket, DeleteObject, Download, GetObject, ListMultipartUploads,
    ListObjects, Listed, PutObject, UploadPart,
};
use clusterup::cloud::api::{Kind, Serve};
use clusterup::model::clock::Clock;
use clusterup::model::observed::ClusterState;

fn put(key: &str, body: &str, condition: Condition) -> PutObject {
    PutObject {
        bucket: bucket(),
        key: key.to_owned(),
        body: Body::Bytes(body.as_bytes().to_vec()),
        condition,
    }
}

fn bucket() -> Bucket {
    Bucket {
        name: "films-bucket".to_owned(),
        owner: Some(ACCOUNT.to_owned()),
    }
}

async fn with_bucket(seed: u64) -> Sim {
    let sim = Sim::with(seed, CALM);
    let create = CreateBucket {
        name: bucket().name,
        region: "us-east-1".to_owned(),
    };
    sim.serve(create).await.unwrap();
    sim
}

async fn kind_of(sim: &Sim, put: PutObject) -> Result<String, Kind> {
    sim.serve(put).await.map_err(|error| error.kind)
}

async fn list(sim: &Sim, prefix: &str, next: Option<String>) -> (Vec<Listed>, Option<String>) {
    let list = ListObjects {
        bucket: bucket(),
        prefix: prefix.to_owned(),
        delimiter: Some('/'),
        next,
    };
    let page = sim.serve(list).await.unwrap();
    (page.items, page.next)
}

#[test]
fn conditions_hold() {
    run(async {
        let sim = with_bucket(1).await;
        let etag = sim
            .serve(put("lock", "a", Condition::Absent))
            .await
            .unwrap();
        let again = kind_of(&sim, put("lock", "b", Condition::Absent)).await;
        assert_eq!(again, Err(Kind::Precondition));
        let with = |etag: &str| put("lock", "b", Condition::Unchanged(etag.to_owned()));
        let newer = sim.serve(with(&etag)).await.unwrap();
        assert_eq!(kind_of(&sim, with(&etag)).await, Err(Kind::Precondition));
        let delete = |unchanged| DeleteObject {
            bucket: bucket(),
            key: "lock".to_owned(),
            unchanged,
        };
        let stale = sim.serve(delete(Some(etag))).await.unwrap_err();
        assert_eq!(stale.kind, Kind::Precondition);
        let get = GetObject::note(bucket(), "lock".to_owned());
        let content = sim.serve(get.clone()).await.unwrap();
        assert_eq!(
            (content.body.as_slice(), &content.etag),
            (&b"b"[..], &newer)
        );
        sim.serve(delete(Some(newer.clone()))).await.unwrap();
        sim.serve(delete(None)).await.unwrap();
        assert_eq!(kind_of(&sim, with(&newer)).await, Err(Kind::NotFound));
        assert_eq!(sim.serve(get).await.unwrap_err().kind, Kind::NotFound);
    });
}

#[test]
fn only_one_of_two_callers_gets_the_lock() {
    run(async {
        for seed in 0..20 {
            let sim = with_bucket(seed).await;
            let (one, two) = tokio::join!(
                kind_of(&sim, put("lock", "one", Condition::Absent)),
                kind_of(&sim, put("lock", "two", Condition::Absent)),
            );
            assert!(one.is_ok() != two.is_ok());
        }
    });
}

#[test]
fn a_bucket_belongs_to_one_account_and_is_deleted_when_empty() {
    run(async {
        let sim = with_bucket(2).await;
        let other = Bucket {
            owner: Some("210987654321".to_owned()),
            ..bucket()
        };
        let wrong = PutObject {
            bucket: other,
            ..put("a", "", Condition::Always)
        };
        assert_eq!(kind_of(&sim, wrong).await, Err(Kind::Denied));
        sim.take_bucket_name("taken-bucket");
        let create = CreateBucket {
            name: "taken-bucket".to_owned(),
            region: "us-east-1".to_owned(),
        };
        assert_eq!(sim.serve(create).await.unwrap_err().kind, Kind::Exists);
        sim.serve(put("a", "", Condition::Always)).await.unwrap();
        let delete = DeleteBucket { bucket: bucket() };
        assert_eq!(
            sim.serve(delete.clone()).await.unwrap_err().kind,
            Kind::InUse
        );
        assert!(sim.empty_bucket(&bucket().name));
        sim.serve(delete.clone()).await.unwrap();
        assert_eq!(sim.serve(delete).await.unwrap_err().kind, Kind::NotFound);
        let names: Vec<_> = sim.journal().into_iter().map(|(_, name)| name).collect();
        assert_eq!(
            names,
            ["s3:CreateBucket", "s3:PutObject", "s3:DeleteBucket"]
        );
    });
}

#[test]
fn a_list_with_a_delimiter_shows_keys_and_common_prefixes() {
    run(async {
        let sim = with_bucket(3).await;
        let prefix = |name: &str| Listed::Prefix(name.to_owned());
        for key in ["a", "in/b", "in/deep/c", "in/deep/d", "out/e"] {
            sim.serve(put(key, "12", Condition::Always)).await.unwrap();
        }
        let (top, _) = list(&sim, "", None).await;
        assert_eq!(top[1..], [prefix("in/"), prefix("out/")]);
        assert!(matches!(&top[0], Listed::Object { key, bytes: 2, .. } if key == "a"));
        let (inner, _) = list(&sim, "in/", None).await;
        assert_eq!((inner.len(), &inner[1]), (2, &prefix("in/deep/")));
        for number in 0..1_001 {
            let key = format!("many/{number:04}/x");
            sim.serve(put(&key, "", Condition::Always)).await.unwrap();
        }
        let (first, next) = list(&sim, "many/", None).await;
        let (second, end) = list(&sim, "many/", next).await;
        assert_eq!((first.len(), end), (1_000, None));
        assert_eq!(second, [prefix("many/1000/")]);
    });
}

#[test]
fn a_multipart_upload_is_visible_once_it_is_complete() {
    run(async {
        let sim = with_bucket(4).await;
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let big: Vec<u8> = (0..6_u32 << 20).map(|at| at.to_le_bytes()[1]).collect();
        std::fs::write(&from, &big).unwrap();
        let key = "big".to_owned();
        let create = CreateMultipartUpload {
            bucket: bucket(),
            key: key.clone(),
        };
        let upload = sim.serve(create).await.unwrap();
        let part = |number, offset, bytes| UploadPart {
            bucket: bucket(),
            key: key.clone(),
            upload: upload.clone(),
            number,
            from: from.clone(),
            offset,
            bytes,
        };
        let one = sim.serve(part(1, 0, 5 << 20)).await.unwrap();
        let two = sim.serve(part(2, 5 << 20, 1 << 20)).await.unwrap();
        let begun = || ListMultipartUploads {
            bucket: bucket(),
            prefix: String::new(),
        };
        assert_eq!(sim.serve(begun()).await.unwrap()[0].id, upload);
        let complete = |etags| CompleteMultipartUpload {
            bucket: bucket(),
            key: key.clone(),
            upload: upload.clone(),
            etags,
            crc32: None,
        };
        let swapped = complete(vec![two.clone(), one.clone()]);
        assert_eq!(sim.serve(swapped).await.unwrap_err().kind, Kind::Invalid);
        let complete = complete(vec![one, two]);
        sim.serve(complete.clone()).await.unwrap();
        assert_eq!(sim.serve(complete).await.unwrap_err().kind, Kind::NotFound);
        assert_eq!(sim.serve(begun()).await.unwrap(), []);
        let download = Download {
            bucket: bucket(),
            key: key.clone(),
            to: to.clone(),
        };
        assert_eq!(sim.serve(download).await.unwrap(), big.len() as u64);
        assert!(std::fs::read(to).unwrap() == big);
        let whole = |crc32| PutObject {
            body: Body::File(from.clone(), crc32),
            ..put("whole", "", Condition::Always)
        };
        let crc32 = crc32fast::hash(&big);
        let refused = sim.serve(whole(Some(crc32 ^ 1))).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some(BAD_DIGEST));
        assert_eq!(sim.census().buckets[&bucket().name], ["big"]);
        sim.serve(whole(Some(crc32))).await.unwrap();
        assert_eq!(sim.census().buckets[&bucket().name], ["big", "whole"]);
    });
}

fn writes(name: &str, word: &str) -> NewStep {
    let mut step = order(&[name]).steps.remove(0);
    step.command.words.push(word.to_owned());
    step
}

#[test]
fn a_completed_step_leaves_its_results() {
    run(async {
        let sim = with_bucket(5).await;
        sim.fail_step("second");
        let steps = vec![
            writes("first", "s3://films-bucket/runs/1/results/best/"),
            writes("second", "--to=s3://films-bucket/runs/1/results/worst"),
        ];
        let id = launch(
            &sim,
            RunJobFlow {
                steps,
                ..order(&[])
            },
        )
        .await;
        until(&sim, &id, ClusterState::TerminatedWithErrors).await;
        let keys = &sim.census().buckets[&bucket().name];
        assert_eq!(*keys, ["runs/1/results/best/answer.txt"]);
    });
}

#[test]
fn a_missing_script_fails_its_step_if_scripts_are_checked() {
    run(async {
        let settings = Settings {
            checks_scripts: true,
            ..CALM
        };
        let sim = Sim::with(6, settings);
        let id = launch(&sim, order(&["one"])).await;
        let ended = until(&sim, &id, ClusterState::TerminatedWithErrors).await;
        assert_eq!(ended.reason.as_deref(), Some("STEP_FAILURE"));
    });
}

#[test]
fn roles_and_profiles_are_created_once() {
    run(async {
        let settings = Settings {
            default_roles: false,
            ..CALM
        };
        let sim = Sim::with(7, settings);
        let name = "EMR_EC2_DefaultRole".to_owned();
        let get = GetRole { name: name.clone() };
        assert_eq!(
            sim.serve(get.clone()).await.unwrap_err().kind,
            Kind::NotFound
        );
        let create = CreateRole {
            name: name.clone(),
            trust: r#"{"Statement": []}"#.to_owned(),
        };
        sim.serve(create.clone()).await.unwrap();
        assert_eq!(sim.serve(create).await.unwrap_err().kind, Kind::Exists);
        sim.serve(get).await.unwrap();
        let profile = CreateInstanceProfile { name: name.clone() };
        sim.serve(profile).await.unwrap();
        let add = AddRoleToInstanceProfile {
            profile: name.clone(),
            role: name.clone(),
        };
        sim.serve(add.clone()).await.unwrap();
        assert_eq!(sim.serve(add).await.unwrap_err().kind, Kind::Exists);
        let profile = GetInstanceProfile { name: name.clone() };
        assert_eq!(sim.serve(profile).await.unwrap(), [name]);
    });
}

#[test]
fn time_is_the_sleeps() {
    run(async {
        let sim = Sim::new(8);
        assert_eq!(sim.now().to_rfc3339(), "2026-01-01T00:00:00+00:00");
        super::secs(90).await;
        assert_eq!(sim.clock().now(), sim.now());
        let ahead = sim.skewed_clock(TimeDelta::minutes(5)).now();
        assert_eq!(ahead.to_rfc3339(), "2026-01-01T00:06:30+00:00");
    });
}
