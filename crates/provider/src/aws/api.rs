//! Every operation of a service we call, and every parameter we give or read, by the names
//! that AWS has for them. Requests are made from this table, and a test holds the table
//! against the service models that AWS publishes (in the package `botocore`).
//!
//! A name with dots leads through structures and lists: `Images.Tags.Key`.

pub mod config;
pub mod ebs;
pub mod ec2;
pub mod events;
pub mod fleet;
pub mod inspector;
pub mod kms;
pub mod s3;
pub mod sns;
pub mod ssm;
pub mod sts;

/// A service with signed requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Simple Storage Service.
    S3,
    /// Systems Manager.
    Ssm,
    /// Elastic Compute Cloud.
    Ec2,
    /// Elastic Block Store, by its blocks.
    Ebs,
    /// Security Token Service.
    Sts,
    /// Key Management Service.
    Kms,
    /// Auto Scaling.
    AutoScaling,
    /// Simple Notification Service.
    Sns,
    /// EventBridge.
    Events,
    /// Inspector.
    Inspector,
    /// Config.
    Config,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 11] = [
        Self::S3,
        Self::Ssm,
        Self::Ec2,
        Self::Ebs,
        Self::Sts,
        Self::Kms,
        Self::AutoScaling,
        Self::Sns,
        Self::Events,
        Self::Inspector,
        Self::Config,
    ];

    /// As endpoints, signatures and models call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Ssm => "ssm",
            Self::Ec2 => "ec2",
            Self::Ebs => "ebs",
            Self::Sts => "sts",
            Self::Kms => "kms",
            Self::AutoScaling => "autoscaling",
            Self::Sns => "sns",
            Self::Events => "events",
            Self::Inspector => "inspector2",
            Self::Config => "config",
        }
    }

    /// The version of the interface that we speak.
    pub const fn version(self) -> &'static str {
        match self {
            Self::S3 => "2006-03-01",
            Self::Ssm => "2014-11-06",
            Self::Ec2 => "2016-11-15",
            Self::Ebs => "2019-11-02",
            Self::Sts => "2011-06-15",
            Self::Kms => "2014-11-01",
            Self::AutoScaling => "2011-01-01",
            Self::Sns => "2010-03-31",
            Self::Events => "2015-10-07",
            Self::Inspector => "2020-06-08",
            Self::Config => "2014-11-12",
        }
    }

    /// What it calls itself in a request, where that has to be said.
    pub const fn target(self) -> Option<&'static str> {
        match self {
            Self::Ssm => Some("AmazonSSM"),
            Self::Kms => Some("TrentService"),
            Self::Events => Some("AWSEvents"),
            Self::Config => Some("StarlingDoveService"),
            Self::S3
            | Self::Ec2
            | Self::Ebs
            | Self::Sts
            | Self::AutoScaling
            | Self::Sns
            | Self::Inspector => None,
        }
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::S3 => "S3",
            Self::Ssm => "SSM",
            Self::Ec2 => "EC2",
            Self::Ebs => "EBS",
            Self::Sts => "STS",
            Self::Kms => "KMS",
            Self::AutoScaling => "Auto Scaling",
            Self::Sns => "SNS",
            Self::Events => "EventBridge",
            Self::Inspector => "Inspector",
            Self::Config => "Config",
        })
    }
}

/// Where a parameter of a request, or a value of an answer, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path of the URL, by this name.
    Path(&'static str),
    /// A header of this name.
    Header(&'static str),
    /// In the query, by this name.
    Query(&'static str),
    /// In the JSON or XML of the body, by the parameter's own name.
    Body,
    /// The whole body: bytes.
    Whole,
    /// The whole body: bytes that the signature is not over.
    WholeUnsigned,
    /// In a form, by this name; `N` counts the entries of a list from 1.
    Form(&'static str),
    /// In the XML of the body, at this path below the outermost element.
    Xml(&'static str),
}

/// A parameter or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// As the model calls it.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
}

/// An operation of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose.
    pub service: Service,
    /// As the model calls it.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// As the model writes it; what follows `?` is fixed.
    pub uri: &'static str,
    /// What we give.
    pub inputs: &'static [Member],
    /// What we read.
    pub outputs: &'static [Member],
}

impl Operation {
    /// Whether a field of a form stands in the table: `Filter.2.Value.1` as `Filter.N.Value.N`.
    pub(super) fn has_field(&self, field: &str) -> bool {
        let plain = |part: &str| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { "N" } else { part }.to_owned()
        };
        let plain: Vec<String> = field.split('.').map(plain).collect();
        let plain = plain.join(".");
        let is_it = |input: &Member| matches!(input.place, Place::Form(known) if known == plain);
        self.inputs.iter().any(is_it)
    }

    /// Whether an element of an answer stands in the table, or leads to one that does.
    pub(super) fn has_element(&self, path: &str) -> bool {
        let leads_to = |known: &str| {
            let rest = known.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.outputs.iter().any(|output| match output.place {
            Place::Xml(known) => leads_to(known),
            Place::Body => leads_to(&output.name.replace('.', "/")),
            _ => false,
        })
    }

    /// Whether a value in JSON stands in the table: of a request's, every name of it.
    pub(super) fn has_value(&self, name: &str, value: &serde_json::Value) -> bool {
        let is_known = |input: &Member| input.name == name && input.place == Place::Body;
        // A map has names of its own.
        if self.inputs.iter().any(is_known) {
            return true;
        }
        match value {
            serde_json::Value::Object(map) => map
                .iter()
                .all(|(below, value)| self.has_value(&format!("{name}.{below}"), value)),
            serde_json::Value::Array(list) => list.iter().all(|value| self.has_value(name, value)),
            _ => false,
        }
    }
}

const fn member(name: &'static str, place: Place) -> Member {
    Member { name, place }
}

/// A member of a form that is called there as in the model.
const fn field(name: &'static str) -> Member {
    member(name, Place::Form(name))
}

/// A field of a form.
const fn form(name: &'static str, field: &'static str) -> Member {
    member(name, Place::Form(field))
}

/// An element of an answer.
const fn xml(name: &'static str, path: &'static str) -> Member {
    member(name, Place::Xml(path))
}

/// All of them.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    let all = [
        s3::OPERATIONS,
        ssm::OPERATIONS,
        ec2::OPERATIONS,
        ebs::OPERATIONS,
        sts::OPERATIONS,
        kms::OPERATIONS,
        fleet::OPERATIONS,
        sns::OPERATIONS,
        events::OPERATIONS,
        inspector::OPERATIONS,
        config::OPERATIONS,
    ];
    all.into_iter().flatten().copied()
}
