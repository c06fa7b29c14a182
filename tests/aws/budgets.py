"""AWS Budgets: the budgets of an account, with AWS's checks and in the form that AWS returns.

moto has no updates, no pages and no calls for subscribers, so its budgets are not used.

POST /_double/budgets/actual {"name": ..., "amount": "12.5", "unit": "USD"}; an amount of null
stands for a budget for which AWS has no billing data yet.
"""

import re

from replies import Refusal, json_reply

KIND = "application/x-amz-json-1.1"
ACCOUNT = "123456789012"
NAME = re.compile(r"^(?![^:\\]*/action/|(?i:.*<script>.*</script>.*))[^:\\]{1,100}$")
NUMBER = re.compile(r"([0-9]*\.)?[0-9]+")
KINDS = ("COST", "USAGE", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION")
KINDS += ("SAVINGS_PLANS_COVERAGE",)
UNITS = ("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM")
MOST_NOTICES, MOST_MAILS, MOST_TOPICS = 10, 10, 1
# The default page size.
PAGE = 100
COST_TYPES = {
    "IncludeTax": True,
    "IncludeSubscription": True,
    "UseBlended": False,
    "IncludeRefund": True,
    "IncludeCredit": True,
    "IncludeUpfront": True,
    "IncludeRecurring": True,
    "IncludeOtherSubscription": True,
    "IncludeSupport": True,
    "IncludeDiscount": True,
    "UseAmortized": False,
}


def invalid(message):
    return Refusal("InvalidParameterException", message)


def missing(what):
    return Refusal("NotFoundException", f"Unable to find {what} - it doesn't exist.")


def exists(what):
    return Refusal("DuplicateRecordException", f"Error creating {what} - it already exists.")


class Budget:
    def __init__(self, shape, now):
        self.notices = {}
        self.update(shape, now)

    def update(self, shape, now):
        """Resets what was spent, as AWS does until new billing data arrives."""
        self.shape, self.updated = checked(shape), now
        self.actual = {"Amount": "0.0", "Unit": "USD"}

    def shown(self):
        spent = {"CalculatedSpend": {"ActualSpend": self.actual}} if self.actual else {}
        return self.shape | spent | {"LastUpdatedTime": self.updated}


def checked(shape):
    """A budget in the form that AWS returns."""
    if not NAME.fullmatch(shape["BudgetName"]):
        raise invalid("1 validation error detected: Value at 'budgetName' failed to satisfy")
    if shape["BudgetType"] not in KINDS or shape["TimeUnit"] not in UNITS:
        raise invalid("1 validation error detected: Value is not in the enum")
    if ("CostFilters" in shape or "CostTypes" in shape) and (
        "FilterExpression" in shape or "Metrics" in shape
    ):
        raise invalid("CostFilters and CostTypes cannot be used with FilterExpression and Metrics")
    limits = [key for key in ("BudgetLimit", "PlannedBudgetLimits") if shape.get(key)]
    if len(limits) != 1 and "AutoAdjustData" not in shape:
        raise invalid("Unable to create/update budget - please provide one kind of limit")
    shape = {key: value for key, value in shape.items() if value not in (None, {}, [])}
    shape.pop("CalculatedSpend", None)
    if "BudgetLimit" in shape:
        shape["BudgetLimit"] = spend(shape["BudgetLimit"])
    if shape["BudgetType"] == "COST" and "Metrics" not in shape:
        shape["CostTypes"] = COST_TYPES | shape.get("CostTypes", {})
    for value in shape.get("CostFilters", {}).get("TagKeyValue", []):
        if "$" not in value:
            raise invalid(f"TagKeyValue {value} is no key and value")
    return shape


def spend(amount):
    """AWS normalizes numbers: 100 is returned as 100.0."""
    if not NUMBER.fullmatch(amount["Amount"]) or float(amount["Amount"]) <= 0:
        raise invalid("Budget limit has to be a number above 0")
    return {"Amount": str(float(amount["Amount"])), "Unit": amount["Unit"]}


def notice(shape):
    """The key of a notification: type, operator, threshold and unit."""
    unit = shape.get("ThresholdType", "PERCENTAGE")
    key = (shape["NotificationType"], shape["ComparisonOperator"], float(shape["Threshold"]), unit)
    if key[0] not in ("ACTUAL", "FORECASTED") or unit not in ("PERCENTAGE", "ABSOLUTE_VALUE"):
        raise invalid("1 validation error detected: Value is not in the enum")
    if key[1] not in ("GREATER_THAN", "LESS_THAN", "EQUAL_TO") or not 0 < key[2] <= 15e12:
        raise invalid("1 validation error detected: Value at 'threshold' failed to satisfy")
    return key


def shown_notice(key):
    names = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    return dict(zip(names, key, strict=True)) | {"NotificationState": "OK"}


def checked_subscribers(subscribers):
    """The subscribers of a notification, which needs at least one."""
    found = [(one["SubscriptionType"], one["Address"]) for one in subscribers]
    if not found:
        raise invalid("A notification needs at least one subscriber")
    if len(set(found)) != len(found):
        raise exists("subscriber")
    for kind, address in found:
        if kind not in ("EMAIL", "SNS") or "\n" in address:
            raise invalid("1 validation error detected: Value at 'subscriptionType'")
        if kind == "EMAIL" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
            raise invalid(f"{address} is no valid email address")
        if kind == "SNS" and not address.startswith("arn:aws:sns:"):
            raise invalid(f"{address} is no topic of SNS")
    for kind, most in (("EMAIL", MOST_MAILS), ("SNS", MOST_TOPICS)):
        if sum(one[0] == kind for one in found) > most:
            message = f"a notification has at most {most} {kind} subscribers"
            raise Refusal("CreationLimitExceededException", message)
    return found


def add_notice(notices, shape, subscribers):
    key = notice(shape)
    if key in notices:
        raise exists("notification")
    if len(notices) >= MOST_NOTICES:
        message = f"a budget has at most {MOST_NOTICES} notifications"
        raise Refusal("CreationLimitExceededException", message)
    notices[key] = checked_subscribers(subscribers)


def page(member, items, asked):
    size, begin = asked.get("MaxResults", PAGE), asked.get("NextToken") or "0"
    if not 1 <= size <= (1000 if member == "Budgets" else 100):
        raise invalid("1 validation error detected: Value at 'maxResults' failed to satisfy")
    if not begin.isdigit():
        raise Refusal("InvalidNextTokenException", "Invalid next token")
    begin, end = int(begin), int(begin) + size
    more = {"NextToken": str(end)} if end < len(items) else {}
    return {member: items[begin:end]} | more


def answer(world, name, asked):
    if asked["AccountId"] != ACCOUNT:
        raise Refusal("AccessDeniedException", f"Account {asked['AccountId']} is not yours")
    made = CALLS.get(name.operation)
    if made is None:
        raise NotImplementedError("no such call of Budgets here")
    # Tests may set a smaller page size.
    most = world.budgets_page
    if most and name.operation.startswith("Describe"):
        asked = asked | {"MaxResults": min(most, asked.get("MaxResults", PAGE))}
    return json_reply(made(world, asked) or {}, kind=KIND)


def held(world, asked):
    found = world.budgets.get(asked["BudgetName"])
    if found is None:
        raise missing(f"budget: {asked['BudgetName']}")
    return found


def held_notice(world, asked):
    notices, key = held(world, asked).notices, notice(asked["Notification"])
    if key not in notices:
        raise missing("notification")
    return notices, key


def create(world, asked):
    made, now = asked["Budget"], world.clock.now()
    if made["BudgetName"] in world.budgets:
        raise exists(f"budget: {made['BudgetName']}")
    budget = Budget(made, now)
    for one in asked.get("NotificationsWithSubscribers", []):
        add_notice(budget.notices, one["Notification"], one["Subscribers"])
    world.budgets[made["BudgetName"]] = budget


def update(world, asked):
    new = asked["NewBudget"]
    held(world, new).update(new, world.clock.now())


def delete(world, asked):
    held(world, asked)
    del world.budgets[asked["BudgetName"]]


def describe(world, asked):
    return {"Budget": held(world, asked).shown()}


def describe_all(world, asked):
    shown = [world.budgets[name].shown() for name in sorted(world.budgets)]
    return page("Budgets", shown, asked)


def describe_notices(world, asked):
    return page("Notifications", [shown_notice(key) for key in held(world, asked).notices], asked)


def create_notice(world, asked):
    add_notice(held(world, asked).notices, asked["Notification"], asked["Subscribers"])


def delete_notice(world, asked):
    notices, key = held_notice(world, asked)
    del notices[key]


def update_notice(world, asked):
    """Keeps the subscribers."""
    notices, key = held_notice(world, asked | {"Notification": asked["OldNotification"]})
    new = notice(asked["NewNotification"])
    if new in notices:
        raise exists("notification")
    notices[new] = notices.pop(key)


def describe_subscribers(world, asked):
    notices, key = held_notice(world, asked)
    shown = [{"SubscriptionType": kind, "Address": address} for kind, address in notices[key]]
    return page("Subscribers", shown, asked)


def create_subscriber(world, asked):
    notices, key = held_notice(world, asked)
    there = [{"SubscriptionType": kind, "Address": address} for kind, address in notices[key]]
    notices[key] = checked_subscribers([*there, asked["Subscriber"]])


def update_subscriber(world, asked):
    notices, key = held_notice(world, asked)
    old = asked["OldSubscriber"]
    gone = (old["SubscriptionType"], old["Address"])
    if gone not in notices[key]:
        raise missing("subscriber")
    there = [{"SubscriptionType": kind, "Address": who} for kind, who in notices[key]]
    others = [one for one in there if (one["SubscriptionType"], one["Address"]) != gone]
    notices[key] = checked_subscribers([*others, asked["NewSubscriber"]])


def delete_subscriber(world, asked):
    """Deletes the notification with its last subscriber."""
    notices, key = held_notice(world, asked)
    gone = (asked["Subscriber"]["SubscriptionType"], asked["Subscriber"]["Address"])
    if gone not in notices[key]:
        raise missing("subscriber")
    notices[key].remove(gone)
    if not notices[key]:
        del notices[key]


CALLS = {
    "CreateBudget": create,
    "UpdateBudget": update,
    "DeleteBudget": delete,
    "DescribeBudget": describe,
    "DescribeBudgets": describe_all,
    "DescribeNotificationsForBudget": describe_notices,
    "CreateNotification": create_notice,
    "DeleteNotification": delete_notice,
    "UpdateNotification": update_notice,
    "DescribeSubscribersForNotification": describe_subscribers,
    "CreateSubscriber": create_subscriber,
    "DeleteSubscriber": delete_subscriber,
    "UpdateSubscriber": update_subscriber,
}


def set_actual(world, body):
    """Sets the spending of a budget, as new billing data would."""
    amount = body["amount"]
    found = {"Amount": amount, "Unit": body.get("unit", "USD")}
    world.budgets[body["name"]].actual = None if amount is None else found


def set_page(world, body):
    world.budgets_page = body["size"]
