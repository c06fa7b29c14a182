"""Ids in EMR's format: `j-…` of clusters, `s-…` of steps, `ig-…` of instance groups."""

import random
import string


def new_id(kind):
    return f"{kind}-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=13))
