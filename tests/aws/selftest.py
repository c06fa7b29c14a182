"""The double's own test, with boto3: starts the double, runs the checks, counts the passed ones.

    python selftest.py [--spark FILE.json]    also runs steps on a real Spark
"""

import sys
import time

import check_app_uis as app_uis
import check_budgets as budgets
import check_emr as emr
import check_fleets as fleets
import check_foreign as foreign
import check_launch as launch
import check_models as models
import check_rest as rest
import check_rungs as rungs
from checks import Double


def main():
    start = time.monotonic()
    aws = Double(sys.argv[1:])
    aws.post("roles", {})
    aws.s3.create_bucket(Bucket="clusterup-b")
    tests = [emr.life, emr.runners, emr.failing_steps, emr.endings, emr.lists, emr.resize]
    tests += [rest.groups_in_use, rest.conditions, rest.faults, rest.kills, rest.outside]
    tests += [rungs.schedules, rungs.vain_schedules, rungs.power_off, budgets.budgets]
    tests += [models.models_of_aws, launch.launches, fleets.fleets, foreign.foreign]
    tests += [app_uis.app_uis, rest.remains]
    if len(sys.argv) > 1:
        tests.append(rest.real_spark)
    for test in tests:
        test(aws)
    aws.process.stdin.close()
    aws.equal(aws.process.wait(3), 0, "ends with its input")
    print(f"{aws.held} assertions hold, {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
