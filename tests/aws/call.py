"""One call of AWS from outside the program under test, such as a person at a console makes.

    python call.py PORT REGION SERVICE OPERATION [JSON]

The operation as boto3 calls it (`terminate_job_flows`); prints what it answers as JSON.
"""

import json
import sys

from left import client


def main():
    port, region, service, operation, *rest = sys.argv[1:]
    asked = json.loads(rest[0]) if rest else {}
    answer = getattr(client(service, port, region), operation)(**asked)
    answer.pop("ResponseMetadata", None)
    print(json.dumps(answer, default=str))


if __name__ == "__main__":
    main()
