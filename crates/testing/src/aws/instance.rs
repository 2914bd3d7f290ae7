//! Instances. How they are launched, how their state changes and what is made of them is beside.

mod capture;
mod change;
mod images;
mod run;

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::volume::Volume;
use super::world::{Caller, Place, Tags, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("CreateImage", capture::create_image),
    ("DescribeInstanceImageMetadata", images::describe),
    ("DescribeInstanceStatus", status),
    ("DescribeInstances", describe),
    ("GetConsoleOutput", console),
    ("ModifyInstanceMetadataOptions", change::metadata),
    ("RebootInstances", change::reboot),
    ("RunInstances", run::run),
    ("StartInstances", change::start),
    ("StopInstances", change::stop),
    ("TerminateInstances", change::terminate),
];

/// Where an instance is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Running,
    Stopped,
    Terminated,
}

/// An instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) id: String,
    reservation: String,
    pub(super) image: String,
    pub(super) tags: Tags,
    launched: i64,
    goal: Goal,
    /// When it is there.
    arrives: i64,
    pub(super) groups: Vec<String>,
    /// Members that are answered as they were given, by the names of the model.
    facts: Value,
    /// What its console has said.
    pub(super) console: Option<String>,
}

/// How long a terminated instance is still shown, in seconds.
const MEMORY_SECONDS: i64 = 3600;

impl Instance {
    /// `pending`, `running`, `stopping` ...
    pub(super) const fn state(&self, now: i64) -> &'static str {
        match (self.goal, now < self.arrives) {
            (Goal::Running, true) => "pending",
            (Goal::Running, false) => "running",
            (Goal::Stopped, true) => "stopping",
            (Goal::Stopped, false) => "stopped",
            (Goal::Terminated, true) => "shutting-down",
            (Goal::Terminated, false) => "terminated",
        }
    }

    /// Where the machine is that is behind it.
    pub(super) fn host_address(&self) -> String {
        let address = self.facts["PrivateIpAddress"].as_str();
        address.unwrap_or_default().to_owned()
    }

    /// Takes it away, as EC2 does with what was bought by the moment.
    pub(super) fn interrupt(&mut self, arrives: i64) {
        self.goal = Goal::Terminated;
        self.arrives = arrives;
        self.facts["StateReason"] = json!({
            "Code": "Server.SpotInstanceTermination",
            "Message": "Server.SpotInstanceTermination: Spot instance termination",
        });
    }

    /// Whether it was bought by the moment.
    fn is_spot(&self) -> bool {
        self.facts["InstanceLifecycle"] == "spot"
    }

    /// Whether it may do something in its account.
    pub(super) fn has_profile(&self) -> bool {
        !self.facts["IamInstanceProfile"].is_null()
    }

    /// Whether it is only a memory.
    fn is_forgotten(&self, now: i64) -> bool {
        self.state(now) == "terminated" && self.arrives + MEMORY_SECONDS < now
    }

    fn describe(&self, place: &Place, now: i64) -> Value {
        let state = self.state(now);
        let mappings = volumes(place, &self.id).filter_map(|volume| {
            let attachment = volume.attachment.as_ref()?;
            Some(json!({
                "DeviceName": attachment.device,
                "Ebs": {
                    "VolumeId": volume.id,
                    "Status": "attached",
                    "DeleteOnTermination": attachment.is_deleted_with_it,
                },
            }))
        });
        let groups = self.groups.iter().map(|id| {
            let name = place
                .security_groups
                .get(id)
                .map(|group| group.name.as_str());
            json!({ "GroupId": id, "GroupName": name })
        });
        let mut value = json!({
            "InstanceId": self.id,
            "ImageId": self.image,
            "State": state_value(state),
            "LaunchTime": self.launched,
            "Tags": tags_value(&self.tags),
            "BlockDeviceMappings": mappings.collect::<Value>(),
            "SecurityGroups": groups.collect::<Value>(),
            "Hypervisor": "xen",
            "RootDeviceType": "ebs",
        });
        for (name, fact) in self.facts.as_object().into_iter().flatten() {
            value[name.as_str()] = fact.clone();
        }
        if state == "terminated" {
            value["PrivateIpAddress"] = Value::Null;
            value["PublicIpAddress"] = Value::Null;
        }
        value
    }
}

/// A state as answers have it.
fn state_value(name: &str) -> Value {
    let code = match name {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        _ => 80,
    };
    json!({ "Code": code, "Name": name })
}

/// The volumes that an instance has.
fn volumes<'p>(place: &'p Place, instance: &str) -> impl Iterator<Item = &'p Volume> {
    let all = place.volumes.values();
    all.filter(move |volume| {
        volume
            .attachment
            .as_ref()
            .is_some_and(|attachment| attachment.instance == instance)
    })
}

impl Place {
    /// Lets go what terminated instances had.
    pub(super) fn settle(&mut self, now: i64) {
        let ended = self
            .instances
            .values()
            .filter(|instance| instance.state(now) == "terminated");
        let ended: Vec<String> = ended.map(|instance| instance.id.clone()).collect();
        let is_of_ended = |volume: &Volume| {
            volume
                .attachment
                .as_ref()
                .filter(|attachment| ended.contains(&attachment.instance))
                .cloned()
        };
        self.volumes.retain(|_, volume| {
            is_of_ended(volume).is_none_or(|attachment| !attachment.is_deleted_with_it)
        });
        for volume in self
            .volumes
            .values_mut()
            .filter(|volume| is_of_ended(volume).is_some())
        {
            volume.attachment = None;
        }
        self.instances
            .retain(|_, instance| !instance.is_forgotten(now));
    }
}

/// The caller's instance.
pub(super) fn own<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut Instance, Refusal> {
    let missing = || {
        Refusal::new(
            "InvalidInstanceID.NotFound",
            format!("The instance ID '{id}' does not exist"),
        )
    };
    if caller.is_late(id) {
        return Err(missing());
    }
    caller.place().instances.get_mut(id).ok_or_else(missing)
}

const FILTERS: &[Filter] = &[
    ("architecture", "Architecture"),
    ("availability-zone", "Placement.AvailabilityZone"),
    (
        "block-device-mapping.volume-id",
        "BlockDeviceMappings.Ebs.VolumeId",
    ),
    ("client-token", "ClientToken"),
    ("image-id", "ImageId"),
    ("instance-id", "InstanceId"),
    ("instance-lifecycle", "InstanceLifecycle"),
    ("instance-state-code", "State.Code"),
    ("instance-state-name", "State.Name"),
    ("instance-type", "InstanceType"),
    ("instance.group-id", "SecurityGroups.GroupId"),
    ("key-name", "KeyName"),
    ("launch-time", "LaunchTime"),
    ("subnet-id", "SubnetId"),
    ("vpc-id", "VpcId"),
];

/// The instances that a request asks for, with their reservations.
fn wanted(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Vec<(String, Value)>, Refusal> {
    let now = caller.now();
    let ids = list::ids(input, "InstanceIds")?;
    for id in &ids {
        own(caller, id)?;
    }
    let place = caller.place();
    let instances = place
        .instances
        .values()
        .filter(|instance| ids.is_empty() || ids.contains(&instance.id.as_str()));
    let found: Vec<_> = instances
        .map(|instance| (instance.reservation.clone(), instance.describe(place, now)))
        .collect();
    let mut kept = Vec::new();
    for (reservation, item) in found {
        let id = item["InstanceId"].as_str().unwrap_or_default().to_owned();
        if !caller.is_late(&id) {
            kept.push((reservation, item));
        }
    }
    Ok(kept)
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let found = wanted(caller, input)?;
    let items = found.iter().map(|(_, item)| item.clone()).collect();
    let items = list::filtered(items, input, FILTERS)?;
    let account = caller.account.clone();
    let reservations = items.into_iter().map(|item| {
        let of = found.iter().find(|(_, other)| other["InstanceId"] == item["InstanceId"]);
        json!({ "ReservationId": of.map(|(reservation, _)| reservation), "OwnerId": account, "Instances": [item] })
    });
    let (items, next) = list::page(caller, input, reservations.collect(), 5..=1000)?;
    Ok(json!({ "Reservations": items, "NextToken": next }))
}

const STATUS_FILTERS: &[Filter] = &[
    ("instance-state-name", "InstanceState.Name"),
    ("instance-status.status", "InstanceStatus.Status"),
    ("system-status.status", "SystemStatus.Status"),
];

fn status(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let found = wanted(caller, input)?;
    let is_shown =
        |item: &Value| input.is("IncludeAllInstances") || item["State"]["Name"] == "running";
    let items = found
        .into_iter()
        .map(|(_, item)| item)
        .filter(is_shown)
        .map(|item| {
            let status = match item["State"]["Name"].as_str() {
                Some("running") => "ok",
                _ => "not-applicable",
            };
            json!({
                "InstanceId": item["InstanceId"],
                "InstanceState": item["State"],
                "AvailabilityZone": item["Placement"]["AvailabilityZone"],
                "InstanceStatus": { "Status": status },
                "SystemStatus": { "Status": status },
            })
        });
    let items = list::filtered(items.collect(), input, STATUS_FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "InstanceStatuses": items, "NextToken": next }))
}

fn console(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let instance = own(caller, input.required("InstanceId"))?;
    let output = instance
        .console
        .as_ref()
        .filter(|_| instance.state(now) == "running");
    let output = output.map(|text| super::input::blob_text(text.as_bytes()));
    Ok(json!({ "InstanceId": instance.id, "Timestamp": now, "Output": output }))
}
