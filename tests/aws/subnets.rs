//! Stacks in subnets of the account's own: with its groups and its key pair, public and private.

use crate::world::{Done, STACK, World};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A VPC with a public and a private subnet, groups in it, and a key pair.
struct Place {
    world: World,
    vpc: String,
    public: String,
    private: String,
    groups: Vec<String>,
}

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDWtGlG8RRmq1ztcYtrxtaWnPsNKKiD85d721y3vwJGj";

fn text(reply: &Value, path: &str) -> String {
    let found = reply.pointer(path).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("{path} in {reply}"))
        .to_owned()
}

impl Place {
    fn new() -> Self {
        let world = World::new();
        let ec2 = |operation: &str, asked: Value| world.aws("ec2", operation, asked);
        let vpc = text(
            &ec2("create_vpc", json!({ "CidrBlock": "10.1.0.0/16" })),
            "/Vpc/VpcId",
        );
        let subnet = |cidr: &str, name: &str| {
            let tags = json!([{ "Key": "Name", "Value": name }, { "Key": "use", "Value": "emr" }]);
            let asked = json!({
                "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": "us-east-1a",
                "TagSpecifications": [{ "ResourceType": "subnet", "Tags": tags }],
            });
            text(&ec2("create_subnet", asked), "/Subnet/SubnetId")
        };
        let (public, private) = (
            subnet("10.1.0.0/24", "open"),
            subnet("10.1.1.0/24", "closed"),
        );
        let gateway = ec2("create_internet_gateway", json!({}));
        let gateway = text(&gateway, "/InternetGateway/InternetGatewayId");
        let attached = json!({ "InternetGatewayId": gateway, "VpcId": vpc });
        ec2("attach_internet_gateway", attached);
        let table = text(
            &ec2("create_route_table", json!({ "VpcId": vpc })),
            "/RouteTable/RouteTableId",
        );
        let all = "0.0.0.0/0";
        let out = json!({
            "RouteTableId": table, "DestinationCidrBlock": all, "GatewayId": gateway,
        });
        ec2("create_route", out);
        let associated = json!({ "RouteTableId": table, "SubnetId": public });
        ec2("associate_route_table", associated);
        let addresses = json!({ "SubnetId": public, "MapPublicIpOnLaunch": { "Value": true } });
        ec2("modify_subnet_attribute", addresses);
        let group = |name: &str| {
            let asked = json!({ "GroupName": name, "Description": "d", "VpcId": vpc });
            text(&ec2("create_security_group", asked), "/GroupId")
        };
        let groups = ["primary", "core", "service", "more"].map(group).to_vec();
        let import = json!({ "KeyName": "team-key", "PublicKeyMaterial": KEY });
        ec2("import_key_pair", import);
        Self {
            vpc,
            public,
            private,
            groups,
            world,
        }
    }

    /// Writes `STACK` with the team's key pair, one more group, and this network.
    fn stack(&self, network: &str) {
        let more = format!(
            "key_pair: {{ existing: team-key }}, security_groups: [ssh, {}], network: {network}",
            self.groups[3]
        );
        let own = "key_pair: k, security_groups: [ssh]";
        let text = STACK.replace("key_pairs: [{ name: k }]\n", "");
        assert!(text.contains(own));
        self.world.stack(&text.replace(own, &more));
    }

    fn managed(&self, service_access: bool) -> String {
        let [primary, core, service, _] = &self.groups[..] else {
            panic!("{:?}", self.groups);
        };
        let service = service_access.then(|| format!(", service_access: {service}"));
        let service = service.unwrap_or_default();
        format!("managed_groups: {{ primary: {primary}, core: {core}{service} }}")
    }

    /// The live cluster, as EMR describes its machines.
    fn machines(&self) -> Value {
        let alive = self.world.alive();
        assert_eq!(alive.len(), 1, "{alive:#?}");
        let asked = json!({ "ClusterId": alive[0]["id"] });
        let described = self.world.aws("emr", "describe_cluster", asked);
        described["Cluster"]["Ec2InstanceAttributes"].clone()
    }

    fn has_group(&self, id: &str) -> bool {
        let groups = self.world.aws("ec2", "describe_security_groups", json!({}));
        let groups = groups["SecurityGroups"].as_array().unwrap();
        groups.iter().any(|group| group["GroupId"] == id)
    }
}

#[test]
fn a_cluster_is_in_the_network_that_its_stack_names() {
    let place = Place::new();
    let world = &place.world;
    let Place {
        vpc,
        public,
        private,
        groups,
        ..
    } = &place;
    let managed = place.managed(false);
    place.stack(&format!(
        "{{ subnet: {{ tags: {{ Name: open, use: emr }} }}, {managed}, \
         core_security_groups: [{}] }}",
        groups[3]
    ));
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let machines = place.machines();
    assert_eq!(machines["Ec2SubnetId"], *public);
    assert_eq!(machines["Ec2KeyName"], "team-key");
    assert_eq!(machines["EmrManagedMasterSecurityGroup"], groups[0]);
    assert_eq!(machines["EmrManagedSlaveSecurityGroup"], groups[1]);
    let own = world.group();
    assert_eq!(own["VpcId"], *vpc);
    let additional = json!([own["GroupId"], groups[3]]);
    assert_eq!(machines["AdditionalMasterSecurityGroups"], additional);
    assert_eq!(
        machines["AdditionalSlaveSecurityGroups"],
        json!([groups[3]])
    );
    world.double.advance(5);
    let calls = world.calls_of(&["plan", "t.yaml"]);
    let calls: Vec<_> = calls.iter().map(|call| call.call.as_str()).collect();
    assert!(!calls.contains(&"ec2:DescribeVpcs"), "{calls:?}");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("it matches the stack");

    // A private subnet of the same VPC: another cluster, and the same group.
    let managed = place.managed(true);
    place.stack(&format!("{{ subnet: {private}, {managed}, access: ssh }}"));
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says(&format!(
        "network.subnet changes from {public} to {private}"
    ))
    .says("is private: SSH reaches its machines from inside the VPC only")
    .says("has no way to S3")
    .says("0.0000");
    assert!(
        !plan.all().contains("security group ssh  "),
        "{}",
        plan.all()
    );
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let machines = place.machines();
    assert_eq!(machines["Ec2SubnetId"], *private);
    assert_eq!(machines["ServiceAccessSecurityGroup"], groups[2]);
    assert_eq!(world.group()["GroupId"], own["GroupId"]);

    // The default VPC: the group moves there.
    world.stack(
        &STACK
            .replace("key_pairs: [{ name: k }]\n", "")
            .replace("key_pair: k, ", ""),
    );
    world
        .expect(0, &["plan", "t.yaml"])
        .says(&format!("network.subnet changes from {private} to none"))
        .says("it is in another VPC than the cluster's subnet");
    world.double.advance(5);
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    assert!(!place.has_group(own["GroupId"].as_str().unwrap()));
    assert_ne!(world.group()["VpcId"], *vpc);
    world.expect(0, &["destroy", "t.yaml", "--yes"]);
    assert!(groups.iter().all(|id| place.has_group(id)));
    let keys = world.key_pairs();
    assert!(
        keys.iter().any(|key| key["KeyName"] == "team-key"),
        "{keys:?}"
    );
}

#[test]
fn a_network_that_is_not_there_is_refused_before_anything_is_made() {
    let place = Place::new();
    let world = &place.world;
    let Place {
        public,
        private,
        groups,
        ..
    } = &place;
    let elsewhere = json!({ "GroupName": "elsewhere", "Description": "d" });
    let elsewhere = world.aws("ec2", "create_security_group", elsewhere);
    let elsewhere = text(&elsewhere, "/GroupId");
    let (bare, service) = (place.managed(false), place.managed(true));
    let mut cases = vec![
        (
            "{ subnet: subnet-00000000 }".to_owned(),
            "there is no subnet subnet-00000000",
        ),
        (
            "{ subnet: { tags: { Name: opne } } }".to_owned(),
            "no subnet is with Name=opne",
        ),
        (
            "{ subnet: { tags: { Name: 'o*' } } }".to_owned(),
            "no subnet is with Name=o*",
        ),
        (
            "{ subnet: { tags: { use: emr } } }".to_owned(),
            "2 subnets of us-east-1 are with use=emr",
        ),
        (
            format!("{{ subnet: {private}, {bare} }}"),
            "EMR needs a group for service access",
        ),
        (
            format!("{{ subnet: {public}, {service} }}"),
            "in private subnets only",
        ),
    ];
    let other = bare.replace(&groups[0], &elsewhere);
    cases.push((
        format!("{{ subnet: {public}, {other} }}"),
        "and the subnet is in",
    ));
    let lost = bare.replace(&groups[1], "sg-00000000");
    cases.push((
        format!("{{ subnet: {public}, {lost} }}"),
        "no security group sg-00000000",
    ));
    let refused = |message: &str| {
        world.double.reset_calls();
        for verb in [&["plan", "t.yaml"][..], &["apply", "t.yaml", "--yes"]] {
            let done = world.run(verb);
            assert_ne!(done.code, 0, "{message}: {}", done.all());
            done.says(message);
        }
        let calls = world.double.calls();
        assert!(
            calls.iter().all(|call| !call.mutates),
            "{message}: {calls:#?}"
        );
    };
    for (network, message) in &cases {
        place.stack(network);
        refused(message);
    }
    for (key, message) in [
        (
            "team-kye",
            "EC2 has no key pair team-kye in us-east-1: it has team-key",
        ),
        ("team-*", "EC2 has no key pair team-* in us-east-1"),
    ] {
        place.stack(&format!("{{ subnet: {public} }}"));
        let text = fs::read_to_string(world.path().join("t.yaml")).unwrap();
        world.stack(&text.replace("existing: team-key", &format!("existing: '{key}'")));
        refused(message);
    }
}

#[test]
fn subnets_have_the_tag_of_aws_s_newer_policy() {
    let place = Place::new();
    let world = &place.world;
    let (role, private) = ("EMR_DefaultRole", &place.private);
    let policy = |operation: &str, name: &str| {
        let arn = format!("arn:aws:iam::aws:policy/service-role/{name}");
        world.aws(
            "iam",
            operation,
            json!({ "RoleName": role, "PolicyArn": arn }),
        );
    };
    place.stack(&format!("{{ subnet: {private} }}"));
    let more = &place.groups[3];
    let says =
        format!("managed-policies=true: add it to {private}, {more}, or EMR ends the cluster");
    let notes = |expected: bool| {
        let plan = world.expect(0, &["plan", "t.yaml"]);
        let words: Vec<_> = plan.out.split_whitespace().collect();
        assert_eq!(words.join(" ").contains(&says), expected, "{}", plan.all());
    };
    // Version 1 of the policy needs no tag, also beside version 2.
    notes(false);
    policy("attach_role_policy", "AmazonEMRServicePolicy_v2");
    notes(false);
    policy("detach_role_policy", "AmazonElasticMapReduceRole");
    notes(true);
    let doctor = world.expect(1, &["doctor", "t.yaml"]);
    let hint = format!(
        "next: aws ec2 create-tags --region us-east-1 --resources {private} {more} --tags \
         'Key=for-use-with-amazon-emr-managed-policies,Value=true'"
    );
    doctor
        .says("not ready: network, tags")
        .says("no way to S3")
        .says(&hint);
    let ended = world.run(&["apply", "t.yaml", "--yes"]);
    ended.says("has insufficient EC2 permissions");

    let tag = json!([{ "Key": "for-use-with-amazon-emr-managed-policies", "Value": "true" }]);
    let tagged = json!({ "Resources": [private, more], "Tags": tag });
    world.aws("ec2", "create_tags", tagged);
    notes(false);
    let subnet = json!({ "VpcId": place.vpc, "CidrBlock": "10.1.2.0/28" });
    let tiny = text(
        &world.aws("ec2", "create_subnet", subnet),
        "/Subnet/SubnetId",
    );
    for (subnet, size, exit, finding) in [
        (
            &place.public,
            3,
            0,
            "public, 251 free addresses for 3 machines",
        ),
        (
            private,
            3,
            1,
            "private, 251 free addresses for 3 machines, no way to S3",
        ),
        (&tiny, 12, 1, "private, 11 free addresses for 12 machines"),
        (
            &"subnet-00000000".to_owned(),
            3,
            1,
            "there is no subnet subnet-00000000",
        ),
    ] {
        place.stack(&format!("{{ subnet: {subnet} }}"));
        let tagged = json!({ "Resources": [subnet], "Tags": tag });
        if exit == 0 {
            world.aws("ec2", "create_tags", tagged);
        }
        let text = fs::read_to_string(world.path().join("t.yaml")).unwrap();
        let size = format!("size: {size} x m5.xlarge");
        world.stack(&text.replace("size: 3 x m5.xlarge", &size));
        world.expect(exit, &["doctor", "t.yaml"]).says(finding);
    }
}

/// A folder with nothing but these programs, beside the stack.
pub(crate) fn programs(world: &World, programs: &[(&str, &str)]) -> PathBuf {
    let folder = world.path().join("programs");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    for (name, script) in programs {
        let path = folder.join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Runs `ssh` with nothing on the path but these programs.
fn ssh(world: &World, given: &[(&str, &str)]) -> Done {
    let folder = programs(world, given);
    let args = ["ssh", "t.yaml", "--", "--reason", "a look"];
    Done::running(world.command(&args).env("PATH", &folder))
}

#[test]
fn ssh_goes_through_session_manager_where_no_port_is_open() {
    let place = Place::new();
    let world = &place.world;
    let closed = |access: &str| {
        let own = "key_pair: k, security_groups: [ssh]";
        world.stack(&STACK.replace(own, &format!("network: {{ access: {access} }}")));
    };
    closed("ssm");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let plugin = ("session-manager-plugin", "#!/bin/sh\n");
    let cli = ("aws", "#!/bin/sh\necho \"[$*]\"\n");
    let done = ssh(world, &[plugin, cli]).expect(0);
    let said = done.all();
    let target = said
        .split("start-session --target ")
        .nth(1)
        .unwrap_or_default();
    assert!(target.starts_with("i-"), "{said}");
    assert!(
        target.contains("--region us-east-1 --reason a look]"),
        "{said}"
    );
    ssh(world, &[plugin, ("aws", "#!/bin/sh\nexit 3\n")]).expect(1);
    ssh(world, &[cli])
        .expect(1)
        .says("Session Manager's plugin is not installed")
        .says("session-manager-plugin.deb");
    ssh(world, &[plugin])
        .expect(1)
        .says("cannot run aws")
        .says("next: python3 -m pip install --user awscli");
    // How people log in changes nothing of the cluster itself.
    closed("none");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("access to its nodes changes from ssm to none");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(world.clusters().len(), 1);
    ssh(world, &[plugin, cli]).says("has access: none, so nobody logs in to its nodes");
}
