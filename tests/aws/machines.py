"""The instances of a role: of an instance group, or of an instance fleet."""

from ids import new_id


class Instance:
    def __init__(self, owner, kind, market, weight, created):
        self.id = f"ci-{owner.id[3:]}{owner.made}"
        owner.made += 1
        self.owner, self.kind, self.market, self.weight = owner, kind, market, weight
        self.created, self.ended = created, None


class Role:
    """What groups and fleets have in common: instances that follow what is requested."""

    def __init__(self, prefix, role, spec, created):
        self.id, self.role, self.spec = new_id(prefix), role, spec
        self.created, self.ready, self.ended = created, None, None
        self.state, self.resized_at = "PROVISIONING", None
        self.instances, self.made, self.running = [], 0, 0

    def alive(self, market=None):
        living = [one for one in self.instances if one.ended is None]
        return [one for one in living if market in (None, one.market)]

    def become(self, state, when):
        self.state, self.resized_at = state, None
        if state in ("BOOTSTRAPPING", "RUNNING"):
            self.settle(when)
        if state == "RUNNING":
            self.running, self.ready = len(self.alive()), self.ready or when
        if state == "TERMINATED":
            self.running, self.ended = 0, when
            for one in self.alive():
                one.ended = when


class Group(Role):
    """An instance group. Its instances follow the requested count after a while."""

    def __init__(self, spec, created):
        super().__init__("ig", spec["InstanceRole"], spec, created)
        self.requested = int(spec["InstanceCount"])
        self.market = spec.get("Market", "ON_DEMAND")

    @property
    def units(self):
        return self.requested

    def resize(self, count, at):
        self.requested, self.resized_at, self.state = count, at, "RESIZING"

    def settle(self, when):
        living = self.alive()
        for _ in range(self.requested - len(living)):
            kind = self.spec["InstanceType"]
            self.instances.append(Instance(self, kind, self.market, 1, when))
        for one in living[self.requested :]:
            one.ended = when


class Fleet(Role):
    """An instance fleet. It buys instances of its own choice until its targets are filled."""

    def __init__(self, spec, created):
        super().__init__("if", spec["InstanceFleetType"], spec, created)
        self.targets = {
            "ON_DEMAND": int(spec.get("TargetOnDemandCapacity", 0)),
            "SPOT": int(spec.get("TargetSpotCapacity", 0)),
        }

    @property
    def units(self):
        return sum(self.targets.values())

    def resize(self, targets, at):
        self.targets, self.resized_at, self.state = targets, at, "RESIZING"

    def provisioned(self, market):
        return sum(one.weight for one in self.alive(market))

    def settle(self, when):
        kinds = self.spec["InstanceTypeConfigs"]
        for market, target in self.targets.items():
            while self.provisioned(market) < target:
                # From the last type on, so that the mix is not the one that comes first.
                kind = kinds[-1 - self.made % len(kinds)]
                weight = int(kind.get("WeightedCapacity", 1))
                self.instances.append(Instance(self, kind["InstanceType"], market, weight, when))
            for one in reversed(self.alive(market)):
                if self.provisioned(market) - one.weight >= target:
                    one.ended = when


def roles(instances, now):
    """The groups or fleets of a request."""
    fleets = [Fleet(fleet, now) for fleet in instances.get("InstanceFleets") or []]
    return fleets or [Group(group, now) for group in instances["InstanceGroups"]]
