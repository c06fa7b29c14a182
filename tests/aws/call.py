"""Makes one call to AWS from outside the program under test, as a person at a console would.

    python call.py PORT REGION SERVICE OPERATION [JSON]

OPERATION is boto3's name (`terminate_job_flows`). Prints the response as JSON.
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
