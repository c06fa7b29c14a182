"""Disks of a cluster: what EC2 and EMR refuse of volumes."""

KINDS = ("gp2", "gp3", "io1", "st1", "sc1", "standard")


def mistakes(spec, version):
    """What is wrong with the volumes of an order, in words. `version` is (major, minor)."""
    size = spec.get("EbsRootVolumeSize")
    iops, throughput = spec.get("EbsRootVolumeIops"), spec.get("EbsRootVolumeThroughput")
    # EMR Management Guide, "Customizing the Amazon EBS root device volume".
    if size is not None and not 10 <= size <= 100:
        yield "EbsRootVolumeSize must be from 10 to 100."
    if (iops is not None or throughput is not None) and version < (6, 15):
        yield "The speed of root volumes is for emr-6.15.0 and later."
    yield from speed("gp3", size or 15, iops, throughput)
    instances = spec.get("Instances", {})
    fleets = instances.get("InstanceFleets") or []
    kinds = [kind for fleet in fleets for kind in fleet.get("InstanceTypeConfigs") or []]
    for group in (instances.get("InstanceGroups") or []) + kinds:
        for config in group.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", []):
            volume = config["VolumeSpecification"]
            kind, gib = volume.get("VolumeType"), volume.get("SizeInGB", 0)
            if kind not in KINDS:
                yield f"Value '{kind}' at 'volumeType' is not valid"
            # EBS User Guide, "EBS volume types".
            if kind in ("st1", "sc1") and gib < 125:
                yield f"An {kind} volume has at least 125 GiB."
            yield from speed(kind, gib, volume.get("Iops"), volume.get("Throughput"))


def speed(kind, gib, iops, throughput):
    if throughput is not None and kind != "gp3":
        yield f"Throughput is not supported for {kind}."
    if iops is not None and kind not in ("gp3", "io1"):
        yield f"Iops are not supported for {kind}."
    if iops is not None and kind == "gp3" and not 3000 <= iops <= max(3000, min(16000, gib * 500)):
        yield f"A gp3 volume of {gib} GiB cannot have {iops} IOPS."
    if throughput is not None:
        most = min(1000, (iops or 3000) // 4)
        if not 125 <= throughput <= most:
            yield f"A gp3 volume of {iops or 3000} IOPS cannot have {throughput} MiB/s."


def devices(configuration):
    """The volumes of one instance, as EMR shows them."""
    volumes = [
        config["VolumeSpecification"]
        for config in configuration.get("EbsBlockDeviceConfigs", [])
        for _ in range(config.get("VolumesPerInstance", 1))
    ]
    return [
        {"VolumeSpecification": volume, "Device": f"/dev/sd{chr(ord('b') + index)}"}
        for index, volume in enumerate(volumes)
    ]
