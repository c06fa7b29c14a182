"""Checks of the double's budgets: refusals, returned forms, pages, notifications."""

from checks import REGION

ACCOUNT = "123456789012"
MAIL = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}


def budget(name="clusterup_p_t", **more):
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "100", "Unit": "USD"},
        "CostFilters": {"TagKeyValue": ["user:clusterup-team$t"]},
    } | more


def at(threshold, **more):
    shape = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN"}
    return shape | {"Threshold": threshold} | more


def mail(number):
    return MAIL | {"Address": f"a{number}@example.com"}


def budgets(aws):
    theirs = aws.client("budgets", REGION)
    of = {"AccountId": ACCOUNT}
    named = of | {"BudgetName": "clusterup_p_t"}
    theirs.create_budget(**of, Budget=budget())
    aws.refused("DuplicateRecordException", theirs.create_budget, **of, Budget=budget())
    for wrong in ({"BudgetName": "a:b"}, {"BudgetName": "a/action/b"}, {"BudgetName": "a" * 101}):
        shape = budget() | wrong
        aws.refused("InvalidParameterException", theirs.create_budget, **of, Budget=shape)
    shown = theirs.describe_budget(**named)["Budget"]
    aws.equal(shown["BudgetLimit"], {"Amount": "100.0", "Unit": "USD"}, "limit")
    aws.equal(shown["CostTypes"]["IncludeCredit"], True, "costs that count")
    changed = budget(BudgetLimit={"Amount": "7.5", "Unit": "USD"})
    aws.post("budgets/actual", {"name": "clusterup_p_t", "amount": "12.5"})
    spent = theirs.describe_budgets(**of)["Budgets"][0]["CalculatedSpend"]["ActualSpend"]
    aws.equal(spent, {"Amount": "12.5", "Unit": "USD"}, "spent")
    theirs.update_budget(**of, NewBudget=changed)
    shown = theirs.describe_budget(**named)["Budget"]
    aws.equal(shown["BudgetLimit"]["Amount"], "7.5", "limit")
    aws.equal(shown["CalculatedSpend"]["ActualSpend"]["Amount"], "0.0", "spent")
    aws.refused("NotFoundException", theirs.update_budget, **of, NewBudget=budget("none"))
    notices(aws, theirs, named)
    theirs.delete_budget(**named)
    refused = aws.refused("NotFoundException", theirs.delete_budget, **named)
    aws.equal(refused["ResponseMetadata"]["HTTPStatusCode"], 400, "status")
    for number in range(5):
        theirs.create_budget(**of, Budget=budget(f"clusterup_p_t{number}"))
    first = theirs.describe_budgets(**of, MaxResults=3)
    rest = theirs.describe_budgets(**of, MaxResults=3, NextToken=first["NextToken"])
    aws.equal((len(first["Budgets"]), len(rest["Budgets"])), (3, 2), "pages")
    aws.equal("NextToken" in rest, False, "no third page")
    denied = aws.refused("AccessDeniedException", theirs.describe_budgets, AccountId="0" * 12)
    aws.equal(denied["ResponseMetadata"]["HTTPStatusCode"], 400, "status")


def notices(aws, theirs, named):
    create = theirs.create_notification
    create(**named, Notification=at(80), Subscribers=[MAIL])
    again = {"Notification": at(80.0, ThresholdType="PERCENTAGE"), "Subscribers": [MAIL]}
    aws.refused("DuplicateRecordException", create, **named, **again)
    limit = "CreationLimitExceededException"
    many = [mail(number) for number in range(11)]
    aws.refused(limit, create, **named, Notification=at(1), Subscribers=many)
    topics = [{"SubscriptionType": "SNS", "Address": f"arn:aws:sns:x:1:{n}"} for n in (1, 2)]
    aws.refused(limit, create, **named, Notification=at(1), Subscribers=topics)
    create(**named, Notification=at(1), Subscribers=[*many[:10], topics[0]])
    for number in range(2, 10):
        create(**named, Notification=at(number), Subscribers=[MAIL])
    aws.refused(limit, create, **named, Notification=at(10), Subscribers=[MAIL])
    shown = theirs.describe_notifications_for_budget(**named)["Notifications"]
    aws.equal(len(shown), 10, "notifications")
    one = named | {"Notification": at(80)}
    theirs.create_subscriber(**one, Subscriber=mail(1))
    theirs.delete_subscriber(**one, Subscriber=MAIL)
    reported = theirs.describe_subscribers_for_notification(**one)["Subscribers"]
    aws.equal(reported, [mail(1)], "subscribers")
    theirs.update_subscriber(**one, OldSubscriber=mail(1), NewSubscriber=mail(2))
    wrong = {"OldSubscriber": mail(1), "NewSubscriber": mail(3)}
    aws.refused("NotFoundException", theirs.update_subscriber, **one, **wrong)
    update = theirs.update_notification
    taken = {"OldNotification": at(80), "NewNotification": at(1)}
    aws.refused("DuplicateRecordException", update, **named, **taken)
    unknown = {"OldNotification": at(81), "NewNotification": at(82)}
    aws.refused("NotFoundException", update, **named, **unknown)
    update(**named, OldNotification=at(80), NewNotification=at(81))
    one = named | {"Notification": at(81)}
    reported = theirs.describe_subscribers_for_notification(**one)["Subscribers"]
    aws.equal(reported, [mail(2)], "subscribers")
    theirs.delete_subscriber(**one, Subscriber=mail(2))
    describe = theirs.describe_subscribers_for_notification
    aws.refused("NotFoundException", describe, **one)
    theirs.delete_notification(**named, Notification=at(9))
    shown = theirs.describe_notifications_for_budget(**named)["Notifications"]
    aws.equal(len(shown), 8, "notifications")
