//! The environment: every variable that Goldsmith reads, and the only place that reads them.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A variable and what it does, for the reference.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
}

/// Every variable, in the order of the reference.
pub(crate) const VARIABLES: &[Variable] = &[
    Variable {
        name: "GOLDSMITH_HOME",
        summary: "where images, the package store and scratch trees live; else `$XDG_DATA_HOME/goldsmith`, else `~/.local/share/goldsmith`",
    },
    Variable {
        name: "GOLDSMITH_VAR_<name>",
        summary: "value of the variable `<name>`; `-var` and `-var-file` win over it",
    },
    Variable {
        name: "GOLDSMITH_RUNNER",
        summary: "the program that `component run --on` puts on other machines; else `goldsmith-runner` beside `goldsmith`",
    },
    Variable {
        name: "GOLDSMITH_ACTOR",
        summary: "who starts runs, approves and promotes: an address; else the user's name",
    },
    Variable {
        name: "GOLDSMITH_SIGNING_KEY",
        summary: "file with the private key that signs what is stated of images; else the one that the home has for the project",
    },
    Variable {
        name: "NO_COLOR",
        summary: "no colour when set to anything",
    },
    Variable {
        name: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...",
        summary: "as for the AWS tools: where component documents find objects (`s3://`) and parameters (`aws:ssm:`)",
    },
    Variable {
        name: "http_proxy, https_proxy, no_proxy",
        summary: "proxy for the mirror, also in capitals",
    },
];

/// What the environment said when the program began.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// The folder the command was started in.
    pub(crate) working_directory: PathBuf,
}

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reader of the environment"
    )]
    pub(crate) fn read() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let working_directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self {
            variables,
            working_directory,
        }
    }

    /// A variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Values given by `GOLDSMITH_VAR_name`: name and text.
    pub(crate) fn recipe_variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix("GOLDSMITH_VAR_")?, value.as_str()))
        })
    }

    /// Everything, for `env()` in a recipe.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The home: the store, the images, everything that lasts.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        if let Some(home) = self.get("GOLDSMITH_HOME") {
            return Some(self.working_directory.join(home));
        }
        if let Some(data) = self.get("XDG_DATA_HOME") {
            return Some(PathBuf::from(data).join("goldsmith"));
        }
        Some(PathBuf::from(self.get("HOME")?).join(".local/share/goldsmith"))
    }
}
