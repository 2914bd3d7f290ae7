//! Machines: launched, looked at, stopped, made an image of, ended.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2::DESCRIBE_IMAGES;
use super::super::api::ec2::machine as api;
use super::super::call::Request;
use super::super::form::Form;
use super::super::node::Node;
use super::{Named, PAGE, until};

/// How long a machine may take from a call until it runs.
const RUNS: Duration = Duration::from_mins(15);
/// How long it may take to stop: as long as what is shut down on it.
const STOPS: Duration = Duration::from_mins(30);
/// How long it may take to be gone.
const GONE: Duration = Duration::from_mins(30);
/// How often a machine is asked for in vain that was made a moment ago.
const UNSEEN_ASKED_MAX: u32 = 20;
/// Codes that mean: not of this type, here and now.
const NO_CAPACITY: [&str; 8] = [
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientCapacity",
    "InstanceLimitExceeded",
    "MaxSpotInstanceCountExceeded",
    "SpotMaxPriceTooLow",
    "Unsupported",
    "VcpuLimitExceeded",
];

/// A machine of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) id: String,
    /// `pending`, `running`, `stopped`, `terminated` ...
    pub(crate) state: String,
    /// Why it is in this state, in words.
    pub(crate) reason: Option<String>,
    pub(crate) public_address: Option<String>,
    pub(crate) private_address: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Instance {
    /// Whether there is anything left of it.
    pub(crate) fn is_gone(&self) -> bool {
        self.state == "terminated"
    }

    /// Whether it is being ended, or has been.
    pub(crate) fn is_going(&self) -> bool {
        self.is_gone() || self.state == "shutting-down"
    }
}

/// What an image says of the disks of its machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// Where the root is: `/dev/xvda`.
    pub(crate) root: String,
    /// All disks, by where they are.
    pub(crate) devices: Vec<String>,
}

/// A disk of a machine that is to be launched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Device<'a> {
    pub(crate) name: &'a str,
    pub(crate) gib: Option<u64>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) iops: Option<u64>,
    /// In MiB a second.
    pub(crate) throughput: Option<u64>,
    pub(crate) is_encrypted: bool,
    pub(crate) key: Option<&'a str>,
}

/// How a machine is launched.
#[derive(Debug)]
pub(crate) struct Launching<'a> {
    pub(crate) image: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) token: &'a str,
    pub(crate) key_pair: &'a str,
    pub(crate) group: &'a str,
    pub(crate) subnet: Option<&'a str>,
    /// `None`: as the subnet says.
    pub(crate) has_public_address: Option<bool>,
    pub(crate) profile: Option<&'a str>,
    pub(crate) user_data: Option<&'a str>,
    pub(crate) is_spot: bool,
    pub(crate) devices: &'a [Device<'a>],
    pub(crate) tags: &'a BTreeMap<String, String>,
}

/// What became of a wish for a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Launched {
    /// Its id.
    Machine(String),
    /// There is none of this type, in words.
    NoCapacity(String),
}

fn of_instance(id: &str) -> String {
    format!("the instance `{id}`")
}

impl Aws {
    /// What an image says of its disks; `NotFound` where there is none, or none for us.
    pub(crate) fn base(&self, cx: &Cx, image: &str) -> Result<Base, RemoteError> {
        let form = Form::default().list("ImageId", &[image]);
        let subject = format!("the image `{image}`");
        let missing = RemoteError::NotFound {
            what: subject.clone(),
        };
        let request = Request::form(&DESCRIBE_IMAGES, subject, &form).of_something_new();
        let found = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let mut found = None;
                whole.each("imagesSet/item", |image| {
                    let mut devices = Vec::new();
                    image.each("blockDeviceMapping/item", |mapping| {
                        // Others than EBS are gone with the machine by themselves.
                        if mapping.text("ebs/deleteOnTermination").is_some() {
                            devices.extend(mapping.text("deviceName"));
                        }
                    });
                    found = image
                        .text("rootDeviceName")
                        .map(|root| Base { root, devices });
                });
                Some(found)
            })
        })?;
        found.ok_or(missing)
    }

    /// Launches one machine that answers for itself only to who asks twice (`IMDSv2`).
    pub(crate) fn launch_instance(
        &self,
        cx: &Cx,
        wish: &Launching<'_>,
    ) -> Result<Launched, RemoteError> {
        let form = Form::default()
            .with("ImageId", wish.image)
            .with("InstanceType", wish.kind)
            .with("MinCount", "1")
            .with("MaxCount", "1")
            .with("ClientToken", wish.token)
            .with("KeyName", wish.key_pair)
            .with("MetadataOptions.HttpTokens", "required")
            .with("MetadataOptions.HttpEndpoint", "enabled")
            .maybe("IamInstanceProfile.Name", wish.profile);
        let form = match wish.user_data {
            Some(data) => form.with("UserData", STANDARD.encode(data)),
            None => form,
        };
        // One that is bought by the moment cannot be told to stop, nor what to do then.
        let form = if wish.is_spot {
            form.with("InstanceMarketOptions.MarketType", "spot")
        } else {
            form.with("InstanceInitiatedShutdownBehavior", "stop")
        };
        let form = in_network(form, wish);
        let form = wish.devices.iter().zip(1..).fold(form, with_device);
        let form = form
            .tags("instance", wish.tags)
            .tags("volume", wish.tags)
            .tags("network-interface", wish.tags);
        let subject = format!("an instance of type `{}` of `{}`", wish.kind, wish.image);
        // The group, the key or the image may not be seen yet.
        let request = Request::form(&api::RUN_INSTANCES, subject, &form).of_something_new();
        let made = self.call_or(cx, &request, &NO_CAPACITY, |answer| {
            answer.read(cx, &request, |whole| {
                whole.text("instancesSet/item/instanceId")
            })
        })?;
        Ok(match made {
            Ok(id) => Launched::Machine(id),
            Err(refusal) => Launched::NoCapacity(refusal.to_string()),
        })
    }

    /// Our machines that fit a filter, those that are gone as well, as long as EC2 knows them.
    pub(crate) fn instances(
        &self,
        cx: &Cx,
        filter: &str,
        value: &str,
    ) -> Result<Vec<Instance>, RemoteError> {
        let mut instances = Vec::new();
        let request = |token: Option<&str>| {
            let form = Form::default()
                .filter(filter, &[value])
                .with("MaxResults", PAGE)
                .maybe("NextToken", token);
            let subject = format!("the instances with `{filter}` `{value}`");
            Request::form(&api::DESCRIBE_INSTANCES, subject, &form)
        };
        self.pages(cx, request, |page| {
            page.each("reservationSet/item/instancesSet/item", |instance| {
                instances.extend(read(instance));
            });
        })?;
        Ok(instances)
    }

    /// Waits until a machine runs.
    pub(crate) fn instance_runs(&self, cx: &Cx, id: &str) -> Result<Instance, RemoteError> {
        self.instance_is(cx, id, "running", RUNS, |instance| {
            instance.state == "pending"
        })
    }

    /// Stops a machine and waits until it has.
    pub(crate) fn stop_instance(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let form = Form::default().list("InstanceId", &[id]);
        let request = Request::form(&api::STOP_INSTANCES, of_instance(id), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))?;
        self.instance_is(cx, id, "stopped", STOPS, |instance| {
            ["running", "stopping"].contains(&instance.state.as_str())
        })?;
        Ok(())
    }

    /// Ends a machine and waits until it is gone; one that is not there is.
    pub(crate) fn end_instance(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let form = Form::default().list("InstanceId", &[id]);
        let request = Request::form(&api::TERMINATE_INSTANCES, of_instance(id), &form);
        // It was seen, or its id was given to us: that it is not found means that it is late.
        let request = request.of_something_new();
        match self.call(cx, &request, |answer| answer.text(cx).map(drop)) {
            Err(error) if request.is_missing(&error) => return Ok(()),
            other => other?,
        }
        until(cx, &request.title(), GONE, || {
            let found = self.instances(cx, "instance-id", id)?;
            Ok(found.iter().all(Instance::is_gone).then_some(()))
        })
    }

    /// Waits for a state, through those that may come before it.
    fn instance_is(
        &self,
        cx: &Cx,
        id: &str,
        state: &str,
        limit: Duration,
        is_on_its_way: impl Fn(&Instance) -> bool,
    ) -> Result<Instance, RemoteError> {
        let what = of_instance(id);
        let mut unseen = 0;
        until(cx, &what, limit, || {
            let found = self.instances(cx, "instance-id", id)?.into_iter().next();
            let Some(instance) = found else {
                unseen += 1;
                if unseen == UNSEEN_ASKED_MAX {
                    return Err(RemoteError::NotFound { what: what.clone() });
                }
                return Ok(None);
            };
            if instance.state == state {
                return Ok(Some(instance));
            }
            if is_on_its_way(&instance) {
                return Ok(None);
            }
            Err(RemoteError::Failed {
                what: what.clone(),
                detail: match &instance.reason {
                    Some(reason) => format!("its state is `{}`: {reason}", instance.state),
                    None => format!("its state is `{}`", instance.state),
                },
            })
        })
    }

    /// What a machine has printed so far.
    pub(crate) fn console(&self, cx: &Cx, id: &str) -> Result<String, RemoteError> {
        let form = Form::default()
            .with("InstanceId", id)
            .with("Latest", "true");
        let request = Request::form(&api::GET_CONSOLE_OUTPUT, of_instance(id), &form);
        let request = request.of_something_new();
        let output = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| Some(whole.text("output")))
        })?;
        // Lines of a width of its own.
        let packed: String = output.unwrap_or_default().split_whitespace().collect();
        let bytes = STANDARD
            .decode(packed)
            .map_err(|_| request.senseless("the text of the console makes no sense"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Begins to make an image of all disks of a machine.
    pub(crate) fn image_of_instance(
        &self,
        cx: &Cx,
        id: &str,
        (name, description): (&str, &str),
        tags: &BTreeMap<String, String>,
    ) -> Result<Named, RemoteError> {
        let form = Form::default()
            .with("InstanceId", id)
            .with("Name", name)
            .with("Description", description)
            // One that runs is stopped for it: what is half written makes no image.
            .with("NoReboot", "false")
            .tags("image", tags)
            .tags("snapshot", tags);
        self.making(
            cx,
            &Request::form(&api::CREATE_IMAGE, of_instance(id), &form),
        )
    }
}

fn in_network(form: Form, wish: &Launching<'_>) -> Form {
    let Some(has_public_address) = wish.has_public_address else {
        let form = form.maybe("SubnetId", wish.subnet);
        return form.list("SecurityGroupId", &[wish.group]);
    };
    let field = |field: &str| format!("NetworkInterface.1.{field}");
    let form = form
        .with(field("DeviceIndex"), "0")
        .maybe(&field("SubnetId"), wish.subnet)
        .list(&field("SecurityGroupId"), &[wish.group]);
    form.with(
        field("AssociatePublicIpAddress"),
        has_public_address.to_string(),
    )
}

fn with_device(form: Form, (device, number): (&Device<'_>, u32)) -> Form {
    let field = |field: &str| format!("BlockDeviceMapping.{number}.{field}");
    let text = |value: Option<u64>| value.map(|value| value.to_string());
    form.with(field("DeviceName"), device.name)
        .maybe(&field("Ebs.VolumeSize"), text(device.gib).as_deref())
        .maybe(&field("Ebs.VolumeType"), device.kind)
        .maybe(&field("Ebs.Iops"), text(device.iops).as_deref())
        .maybe(&field("Ebs.Throughput"), text(device.throughput).as_deref())
        .maybe(
            &field("Ebs.Encrypted"),
            device.is_encrypted.then_some("true"),
        )
        .maybe(&field("Ebs.KmsKeyId"), device.key)
        // Whatever the image says: nothing stays when the machine goes.
        .with(field("Ebs.DeleteOnTermination"), "true")
}

fn read(instance: Node<'_>) -> Option<Instance> {
    Some(Instance {
        id: instance.text("instanceId")?,
        state: instance.text("instanceState/name").unwrap_or_default(),
        reason: instance.text("stateReason/message"),
        public_address: instance.text("ipAddress"),
        private_address: instance.text("privateIpAddress"),
        tags: instance.tags(),
    })
}
