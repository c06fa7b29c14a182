"""Lists all budgets of the account, through boto3 and without code of the project."""

from left import ACCOUNT, client


def look(port):
    budgets = client("budgets", port, "us-east-1")

    def all_of(operation, member, **asked):
        pages = budgets.get_paginator(operation).paginate(AccountId=ACCOUNT, **asked)
        return [one for page in pages for one in page.get(member, [])]

    def notices(name):
        for one in all_of("describe_notifications_for_budget", "Notifications", BudgetName=name):
            one.pop("NotificationState")
            reported = all_of(
                "describe_subscribers_for_notification",
                "Subscribers",
                BudgetName=name,
                Notification=one,
            )
            yield one | {"Subscribers": sorted(reported, key=lambda who: who["Address"])}

    seen = []
    for one in all_of("describe_budgets", "Budgets"):
        one.pop("CalculatedSpend", None)
        one.pop("LastUpdatedTime")
        of_budget = sorted(notices(one["BudgetName"]), key=lambda notice: notice["Threshold"])
        seen.append({"budget": one, "notices": of_budget})
    return seen
