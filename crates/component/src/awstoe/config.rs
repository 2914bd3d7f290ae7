//! The configuration that `awstoe run --config` takes.
//!
//! ```text
//! { "documents": [ { "path": "a.yaml", "parameters": [ { "name": "n", "value": "v" } ] } ],
//!   "parameters": [ { "name": "n", "value": "v" } ],      for every document
//!   "phases": "build,validate",
//!   "executionId": "...",                                 also spelled `executonId`
//!   "logDirectory": ".", "logS3BucketName": "...", "logS3BucketOwner": "...",
//!   "logS3KeyPrefix": "...", "stateDirectory": "...", "documentS3BucketOwner": "...",
//!   "cwLogGroup": "...", "cwLogStream": "...", "cwLogRegion": "...",
//!   "cwIgnoreFailures": false, "trace": false }
//! ```
//!
//! Only `documents` is required. Keys are read in capitals or small letters, as AWSTOE reads
//! them; those it does not know are passed over with a warning.

use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile};

use super::options;
use crate::parse::fields::{self, Fields};
use crate::parse::step::pairs;
use crate::problems::Problems;
use crate::yaml::{self, Node, Spanned, Value};
use crate::{Parameters, code};

/// What a run is told, by a file or by options; nothing is what was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The documents, in order.
    pub documents: Vec<ConfigDocument>,
    /// Parameters of all of them.
    pub parameters: Parameters,
    /// The phases to run.
    pub phases: Option<Vec<String>>,
    /// Identifier of the execution.
    pub execution_id: Option<String>,
    /// Where the folder of logs is put.
    pub log_directory: Option<String>,
    /// Where logs are uploaded.
    pub log_s3_bucket_name: Option<String>,
    /// Account that must own that bucket.
    pub log_s3_bucket_owner: Option<String>,
    /// What their keys begin with.
    pub log_s3_key_prefix: Option<String>,
    /// Where a run that waits for a reboot is kept.
    pub state_directory: Option<String>,
    /// Account that must own the buckets of documents.
    pub document_s3_bucket_owner: Option<String>,
    /// Group of `CloudWatch` Logs.
    pub cw_log_group: Option<String>,
    /// Stream of `CloudWatch` Logs.
    pub cw_log_stream: Option<String>,
    /// Region of `CloudWatch` Logs.
    pub cw_log_region: Option<String>,
    /// Whether a failure of `CloudWatch` Logs is none of the run.
    pub cw_ignore_failures: Option<bool>,
    /// Whether the console tells more.
    pub trace: Option<bool>,
}

/// A document of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigDocument {
    /// A path, `s3://...` or an ARN.
    pub path: String,
    /// Its own parameters, which win over those of all.
    pub parameters: Parameters,
}

/// The keys, as they are documented.
const KEYS: [&str; 17] = [
    "documents",
    "parameters",
    "phases",
    "executionId",
    "executonId",
    "logDirectory",
    "logS3BucketName",
    "logS3BucketOwner",
    "logS3KeyPrefix",
    "stateDirectory",
    "documentS3BucketOwner",
    "cwLogGroup",
    "cwLogStream",
    "cwLogRegion",
    "cwIgnoreFailures",
    "trace",
    "path",
];

/// Reads a configuration; it is there when no problem is an error.
pub fn read(file: &SourceFile) -> (Option<Config>, Vec<Diagnostic>) {
    let mut problems = Problems::new(file);
    let config = yaml::parse(file.text(), &mut problems)
        .and_then(|root| config(&documented(root), &mut problems));
    let mut problems = problems.sorted();
    for problem in &mut problems {
        if problem.code == code::UNKNOWN_FIELD {
            problem.severity = Severity::Warning;
        }
    }
    let is_good = problems.iter().all(|p| p.severity != Severity::Error);
    (config.filter(|_| is_good), problems)
}

/// With keys spelled as they are documented.
fn documented(mut node: Node) -> Node {
    match &mut node.value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                if let Some(known) = KEYS.iter().find(|k| k.eq_ignore_ascii_case(&key.value)) {
                    (*known).clone_into(&mut key.value);
                }
                if matches!(value.value, Value::Sequence(_)) {
                    *value = documented(value.clone());
                }
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| {
            *item = documented(item.clone());
        }),
        Value::Scalar { .. } => {}
    }
    node
}

fn config(root: &Node, problems: &mut Problems) -> Option<Config> {
    let mut fields = Fields::new(root, "the configuration", problems)?;
    let documents = fields.required("documents", problems);
    let documents = documents.map_or(&[][..], |node| fields::list(node, "documents", problems));
    let documents = documents.iter().filter_map(|node| document(node, problems));
    let documents: Vec<ConfigDocument> = documents.collect();
    let parameters = parameters(&mut fields, problems);
    let phases = fields.optional("phases");
    let phases = phases.map(|node| phases_of(node, problems));
    let id = text(&mut fields, "executionId", problems);
    let misspelled = text(&mut fields, "executonId", problems);
    let flags = [("true", true), ("false", false)];
    let mut text = |name| text(&mut fields, name, problems);
    let mut config = Config {
        documents,
        parameters,
        phases,
        execution_id: id.or(misspelled),
        log_directory: text("logDirectory"),
        log_s3_bucket_name: text("logS3BucketName"),
        log_s3_bucket_owner: text("logS3BucketOwner"),
        log_s3_key_prefix: text("logS3KeyPrefix"),
        state_directory: text("stateDirectory"),
        document_s3_bucket_owner: text("documentS3BucketOwner"),
        cw_log_group: text("cwLogGroup"),
        cw_log_stream: text("cwLogStream"),
        cw_log_region: text("cwLogRegion"),
        cw_ignore_failures: None,
        trace: None,
    };
    let mut flag = |name| fields.choice(name, &flags, problems).map(|flag| flag.value);
    config.cw_ignore_failures = flag("cwIgnoreFailures");
    config.trace = flag("trace");
    fields.finish(problems);
    Some(config)
}

/// A text; the empty one is as good as none.
fn text(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> Option<String> {
    let text = fields.text(name, problems).map(|text| text.value);
    text.filter(|text| !text.is_empty())
}

fn document(node: &Node, problems: &mut Problems) -> Option<ConfigDocument> {
    let mut fields = Fields::new(node, "a document", problems)?;
    let path = fields.required_text("path", problems);
    let parameters = parameters(&mut fields, problems);
    fields.finish(problems);
    let path = path?.value;
    Some(ConfigDocument { path, parameters })
}

fn parameters(fields: &mut Fields<'_>, problems: &mut Problems) -> Parameters {
    let given = fields.optional("parameters");
    let given = given.and_then(|node| pairs(node, "parameters", problems));
    let mut all = Parameters::new();
    for pair in given.unwrap_or_default().chunks_exact(2) {
        let [name, value] = pair else { continue };
        let empty = [name, value].into_iter().find(|text| text.value.is_empty());
        if let Some(Spanned { range, .. }) = empty {
            let message = "a parameter needs a name and a value";
            problems.error(code::VALUE, range, message, "this is empty");
        }
        if all
            .insert(name.value.clone(), value.value.clone())
            .is_some()
        {
            let message = format!("the parameter `{}` is given twice", name.value);
            problems.error(code::DUPLICATE_NAME, &name.range, message, "again here");
        }
    }
    all
}

/// `build,validate`, or a list.
fn phases_of(node: &Node, problems: &mut Problems) -> Vec<String> {
    match &node.value {
        Value::Sequence(items) => {
            let items = items.iter();
            let texts = items.filter_map(|item| fields::text(item, "phases", problems));
            texts.map(|text| text.value).collect()
        }
        _ => fields::text(node, "phases", problems)
            .map_or_else(Vec::new, |text| options::items(&text.value)),
    }
}

impl Config {
    /// What options say, and for the rest what the file says.
    #[must_use]
    pub fn over(self, file: Self) -> Self {
        let or = |said: Vec<ConfigDocument>, file| if said.is_empty() { file } else { said };
        let mut parameters = file.parameters;
        parameters.extend(self.parameters);
        Self {
            documents: or(self.documents, file.documents),
            parameters,
            phases: self.phases.or(file.phases),
            execution_id: self.execution_id.or(file.execution_id),
            log_directory: self.log_directory.or(file.log_directory),
            log_s3_bucket_name: self.log_s3_bucket_name.or(file.log_s3_bucket_name),
            log_s3_bucket_owner: self.log_s3_bucket_owner.or(file.log_s3_bucket_owner),
            log_s3_key_prefix: self.log_s3_key_prefix.or(file.log_s3_key_prefix),
            state_directory: self.state_directory.or(file.state_directory),
            document_s3_bucket_owner: self
                .document_s3_bucket_owner
                .or(file.document_s3_bucket_owner),
            cw_log_group: self.cw_log_group.or(file.cw_log_group),
            cw_log_stream: self.cw_log_stream.or(file.cw_log_stream),
            cw_log_region: self.cw_log_region.or(file.cw_log_region),
            cw_ignore_failures: self.cw_ignore_failures.or(file.cw_ignore_failures),
            trace: self.trace.or(file.trace),
        }
    }
}

#[cfg(test)]
mod tests;
