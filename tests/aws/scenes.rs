//! Scenarios with faults: what happens to a stack, and what must be the result.

use crate::world::{World, ending};

#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    /// What exists before.
    pub(crate) begin: fn(&World),
    /// The run with the fault.
    pub(crate) run: &'static [&'static str],
    /// The run after it.
    pub(crate) again: &'static [&'static str],
    /// The expected result of both.
    pub(crate) check: fn(&World),
}

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];
const DETACHED: &[&str] = &["apply", "t.yaml", "--yes", "--detach"];
pub(crate) const DESTROY: &[&str] = &["destroy", "t", "--yes"];

pub(crate) const SCENES: &[Scene] = &[
    Scene {
        name: "apply from nothing",
        begin: |_| (),
        run: DETACHED,
        again: APPLY,
        check: |world| world.assert_one_of_each(2),
    },
    Scene {
        name: "apply of a new script to a kept cluster",
        begin: |world| {
            world.expect(0, APPLY);
            world.write("one.py", "print('another one')\n");
        },
        run: DETACHED,
        again: APPLY,
        check: |world| world.assert_one_of_each(4),
    },
    Scene {
        name: "destroy with a living cluster",
        begin: |world| {
            world.expect(0, APPLY);
        },
        run: DESTROY,
        again: DESTROY,
        check: World::assert_empty,
    },
    Scene {
        name: "destroy after the job",
        begin: |world| {
            world.stack(&ending());
            world.expect(0, APPLY);
        },
        run: DESTROY,
        again: DESTROY,
        check: World::assert_empty,
    },
];

impl World {
    /// The stack exists once, and its steps have run once.
    fn assert_one_of_each(&self, steps: usize) {
        let clusters = self.clusters();
        assert_eq!(clusters.len(), 1, "{clusters:#?}");
        assert_eq!(clusters[0]["state"], "WAITING");
        let ran = clusters[0]["steps"].as_array().unwrap();
        assert_eq!(ran.len(), steps, "{ran:#?}");
        let done = ran.iter().filter(|step| step["state"] == "COMPLETED");
        assert_eq!(done.count(), steps, "{ran:#?}");
        let mut names: Vec<_> = ran.iter().map(|step| step["name"].to_string()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), steps, "{ran:#?}");

        let keys = self.double.ec2("DescribeKeyPairs");
        assert_eq!(keys.matches("<keyName>").count(), 1, "{keys}");
        let groups = self.double.ec2("DescribeSecurityGroups");
        let ours = groups.matches("<groupName>clusterup.").count();
        assert_eq!(ours, 1, "{groups}");
        let rules = groups.matches("<description>clusterup").count();
        assert_eq!(rules, 1, "{groups}");

        let buckets = self.double.get("/_double/objects");
        assert_eq!(buckets.as_object().unwrap().len(), 1, "{buckets:#}");
        let objects = self.objects();
        let below = |folder: &str| objects.iter().filter(|key| key.contains(folder)).count();
        assert_eq!(below("locks/"), 0, "{objects:#?}");
        assert_eq!(below("/intents/"), 0, "{objects:#?}");
        assert_eq!(below("/clusters/"), 1, "{objects:#?}");
    }

    /// Nothing of the stack is in the account or on this machine.
    pub(crate) fn assert_empty(&self) {
        assert!(self.alive().is_empty(), "{:#?}", self.alive());
        let keys = self.double.ec2("DescribeKeyPairs");
        assert!(!keys.contains("<keyName>"), "{keys}");
        let groups = self.double.ec2("DescribeSecurityGroups");
        assert!(!groups.contains("clusterup"), "{groups}");
        let buckets = self.double.get("/_double/objects");
        assert!(buckets.as_object().unwrap().is_empty(), "{buckets:#}");
        assert!(self.files().is_empty(), "{:?}", self.files());
    }
}

impl Scene {
    /// Prepares the scenario, and counts calls from here on.
    pub(crate) fn set(&self, world: &World) {
        (self.begin)(world);
        world.double.reset_calls();
    }

    /// The next run fixes everything.
    pub(crate) fn end(&self, world: &World) {
        world.expect(0, self.again);
        (self.check)(world);
    }
}
