//! A resource of Image Builder in one form, whichever way it was written: the API's names.

use serde_json::{Map, Value};

/// What a resource is, in the order in which the project has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Component,
    ImageRecipe,
    ContainerRecipe,
    Infrastructure,
    Distribution,
    Pipeline,
    Lifecycle,
    Workflow,
    Image,
}

/// For each kind: what people call it, its key in an API answer, in an answer with many, its
/// type in `CloudFormation` and in Terraform, its word in an ARN.
pub(crate) const KINDS: [(Kind, &str, &str, &str, &str, &str, &str); 9] = [
    (
        Kind::Component,
        "component",
        "component",
        "componentVersionList",
        "Component",
        "component",
        "component",
    ),
    (
        Kind::ImageRecipe,
        "image recipe",
        "imageRecipe",
        "imageRecipeSummaryList",
        "ImageRecipe",
        "image_recipe",
        "image-recipe",
    ),
    (
        Kind::ContainerRecipe,
        "container recipe",
        "containerRecipe",
        "containerRecipeSummaryList",
        "ContainerRecipe",
        "container_recipe",
        "container-recipe",
    ),
    (
        Kind::Infrastructure,
        "infrastructure configuration",
        "infrastructureConfiguration",
        "infrastructureConfigurationSummaryList",
        "InfrastructureConfiguration",
        "infrastructure_configuration",
        "infrastructure-configuration",
    ),
    (
        Kind::Distribution,
        "distribution configuration",
        "distributionConfiguration",
        "distributionConfigurationSummaryList",
        "DistributionConfiguration",
        "distribution_configuration",
        "distribution-configuration",
    ),
    (
        Kind::Pipeline,
        "image pipeline",
        "imagePipeline",
        "imagePipelineList",
        "ImagePipeline",
        "image_pipeline",
        "image-pipeline",
    ),
    (
        Kind::Lifecycle,
        "lifecycle policy",
        "lifecyclePolicy",
        "lifecyclePolicySummaryList",
        "LifecyclePolicy",
        "lifecycle_policy",
        "lifecycle-policy",
    ),
    (
        Kind::Workflow,
        "workflow",
        "workflow",
        "workflowVersionList",
        "Workflow",
        "workflow",
        "workflow",
    ),
    (
        Kind::Image,
        "image",
        "image",
        "imageVersionList",
        "Image",
        "image",
        "image",
    ),
];

impl Kind {
    pub(crate) fn title(self) -> &'static str {
        KINDS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }

    /// Of an ARN of Image Builder.
    pub(crate) fn of_arn(arn: &str) -> Option<Self> {
        let word = arn.split(':').nth(5)?.split('/').next()?;
        KINDS.iter().find(|row| row.6 == word).map(|row| row.0)
    }
}

/// The name in an ARN of Image Builder: lower case, with hyphens.
pub(crate) fn name_in_arn(arn: &str) -> Option<&str> {
    arn.starts_with("arn:")
        .then(|| arn.split(':').nth(5))??
        .split('/')
        .nth(1)
}

/// One resource.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) kind: Kind,
    /// As people wrote it.
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    /// What others refer to it by.
    pub(crate) ids: Vec<String>,
    /// By the API's names.
    pub(crate) fields: Map<String, Value>,
}

/// What only the service sets, and what says how a resource was called here.
const READ_ONLY: &[&str] = &[
    "arn",
    "id",
    "name",
    "owner",
    "dateCreated",
    "dateUpdated",
    "dateLastRun",
    "dateNextRun",
    "lastRunStatus",
    "consecutiveFailures",
    "tagsAll",
    "latestVersionReferences",
    "type",
    "region",
    "version",
    "semanticVersion",
    "encrypted",
    "state",
    "status",
    "clientToken",
    "publisher",
    "obfuscate",
    "timeouts",
];

impl Resource {
    pub(crate) fn new(
        kind: Kind,
        fallback: &str,
        ids: Vec<String>,
        mut fields: Map<String, Value>,
    ) -> Self {
        fields.retain(|_, value| !is_nothing(value));
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut ids = ids;
        ids.extend(text("arn"));
        let name = text("name").or_else(|| {
            text("arn")
                .as_deref()
                .and_then(name_in_arn)
                .map(str::to_owned)
        });
        Self {
            kind,
            name: name.unwrap_or_else(|| fallback.to_owned()),
            version: text("semanticVersion").or_else(|| text("version")),
            ids,
            fields,
        }
    }

    /// The name in the form of ARNs, which serves as a label and as a file's name.
    pub(crate) fn slug(&self) -> String {
        let mut slug = String::new();
        for c in self.name.chars() {
            let c = c.to_ascii_lowercase();
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_matches('-');
        match slug.chars().next() {
            None => "unnamed".to_owned(),
            Some(first) if first.is_ascii_digit() => format!("i{slug}"),
            Some(_) => slug.to_owned(),
        }
    }

    pub(crate) fn title(&self) -> String {
        format!("{} `{}`", self.kind.title(), self.name)
    }

    /// Its fields, to be taken one by one.
    pub(crate) fn take(&self) -> Fields {
        let mut map = self.fields.clone();
        map.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
        Fields { map }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Fields of which what nobody takes is left over.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    map: Map<String, Value>,
}

impl Fields {
    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Object(mut map) => {
                map.retain(|_, value| !is_nothing(value));
                Self { map }
            }
            _ => Self::default(),
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name)
    }

    /// A text; anything else stays.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.map.get(name)? {
            Value::String(text) => {
                let text = text.clone();
                self.map.remove(name);
                Some(text)
            }
            // CloudFormation and Terraform write numbers either way.
            Value::Number(number) => {
                let text = number.to_string();
                self.map.remove(name);
                Some(text)
            }
            _ => None,
        }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        let flag = match self.map.get(name)? {
            Value::Bool(flag) => *flag,
            Value::String(text) => text.parse().ok()?,
            _ => return None,
        };
        self.map.remove(name);
        Some(flag)
    }

    pub(crate) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.map.remove(name) {
            Some(Value::Array(items)) => items,
            Some(other) => vec![other],
            None => Vec::new(),
        }
    }

    pub(crate) fn fields(&mut self, name: &str) -> Self {
        match self.map.get(name) {
            Some(Value::Object(_)) => Self::of(self.map.remove(name).unwrap_or_default()),
            _ => Self::default(),
        }
    }

    /// What is left, each leaf by its path.
    pub(crate) fn rest(self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        for (name, value) in self.map {
            leaves(&name, value, &mut all);
        }
        all
    }
}

fn leaves(path: &str, value: Value, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                leaves(&format!("{path}.{name}"), value, all);
            }
        }
        value if is_nothing(&value) => {}
        value => all.push((path.to_owned(), value)),
    }
}
