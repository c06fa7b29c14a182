"""Checks of the double: Spark's pages as EMR serves them."""


def app_uis(aws):
    runs, over = make(aws, "runs"), make(aws, "over", state="TERMINATED", ended=100)
    url = aws.emr.get_on_cluster_app_ui_presigned_url
    aws.equal(url(ClusterId=runs)["PresignedURLReady"], False, "at once")
    aws.advance(10)
    aws.equal(url(ClusterId=runs)["PresignedURLReady"], True, "later")
    no = "InvalidRequestException"
    aws.refused(no, url, ClusterId=over)
    aws.refused(no, url, ClusterId="j-0000000000000")
    aws.refused(no, url, ClusterId=runs, OnClusterAppUIType="ApplicationMaster")
    aws.refused(no, url, ClusterId=make(aws, "old", release="emr-5.32.0"))
    aws.refused(no, url, ClusterId=make(aws, "starts", state="STARTING"))

    create, describe = aws.emr.create_persistent_app_ui, aws.emr.describe_persistent_app_ui
    url = aws.emr.get_persistent_app_ui_presigned_url
    made = create(TargetResourceArn=arn(over), ProfilerType="SHS")
    aws.equal(made["RuntimeRoleEnabledCluster"], False, "runtime roles")
    ui = {"PersistentAppUIId": made["PersistentAppUIId"]}
    aws.equal(describe(**ui)["PersistentAppUI"]["PersistentAppUIStatus"], "STARTING", "status")
    aws.refused(no, url, **ui)
    aws.advance(10)
    aws.equal(describe(**ui)["PersistentAppUI"]["PersistentAppUIStatus"], "ATTACHED", "status")
    aws.equal(url(**ui)["PresignedURLReady"], False, "attached")
    aws.advance(10)
    aws.equal(url(**ui)["PresignedURL"].startswith("https://"), True, "URL")
    for other in (describe, url):
        aws.refused(no, other, PersistentAppUIId="p-0000000000000")
    three = [["MASTER", "m5.xlarge", 3], ["CORE", "m5.xlarge", 2]]
    old = make(aws, "old", state="TERMINATED", ended=31 * 86_400, created=32 * 86_400)
    for cluster in (
        "j-0000000000000",
        make(aws, "old", release="emr-5.24.0"),
        make(aws, "three", groups=three),
        old,
    ):
        aws.refused(no, create, TargetResourceArn=arn(cluster))
    aws.refused(no, create, TargetResourceArn=arn(runs, "eu-west-1"))
    safe = make(aws, "safe", security="runtime-roles")
    made = create(TargetResourceArn=arn(safe))
    aws.equal(made["RuntimeRoleEnabledCluster"], True, "runtime roles")
    ui = {"PersistentAppUIId": made["PersistentAppUIId"]}
    aws.advance(20)
    aws.refused(no, url, **ui)
    role = "arn:aws:iam::123456789012:role/Analysts"
    aws.equal(url(**ui, ExecutionRoleArn=role)["PresignedURLReady"], True, "with a role")
    for _ in range(198):
        create(TargetResourceArn=arn(runs))
    aws.refused(no, create, TargetResourceArn=arn(runs))


def make(aws, name, **asked):
    return aws.post("foreign", {"name": name} | asked)["id"]


def arn(cluster, region="us-east-1"):
    return f"arn:aws:elasticmapreduce:{region}:123456789012:cluster/{cluster}"
