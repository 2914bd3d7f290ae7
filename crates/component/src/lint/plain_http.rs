//! Downloads that anyone on the way can change.

use super::fetch::{fetch, host, input, is_own, with_defaults};
use super::script::Script;
use super::shell::bare;
use super::{Lint, Look};
use crate::document::Inputs;
use crate::problems::Problems;

pub(super) static LINT: Lint = Lint {
    code: "C1008",
    name: "plain-http",
    summary: "a download by `http://`",
    why: "Nothing says that what arrives is what the server sent. Use `https://`; for an object in S3 use `S3Download`, \
          which signs its requests and can check who owns the bucket. This machine and its metadata service may be \
          asked by `http://`.",
    example: "- name: Fetch\n  action: ExecuteBash\n  inputs:\n    commands: ['curl -fsS http://mirror.example.org/list | sort']\n",
    better: "- name: Fetch\n  action: ExecuteBash\n  inputs:\n    commands: ['curl -fsS https://mirror.example.org/list | sort']\n",
    check,
};

fn check(look: &Look<'_>, problems: &mut Problems) {
    for script in &look.scripts {
        in_script(look, script, problems);
    }
    for (_, step) in look.steps() {
        let Inputs::Entries(entries) = &step.inputs else {
            continue;
        };
        if step.action.value.name != "WebDownload" {
            continue;
        }
        for source in entries.iter().filter_map(|entry| input(entry, "source")) {
            if let Some(host) = plain_host(&with_defaults(look.document, &source.value)) {
                report(&host, source.range.clone(), problems);
            }
        }
    }
}

fn in_script(look: &Look<'_>, script: &Script<'_>, problems: &mut Problems) {
    for command in &script.commands {
        let words: Vec<_> = match command.program_name() {
            "curl" | "wget" => fetch(command).map(|fetch| fetch.urls).unwrap_or_default(),
            "git" | "pip" | "pip3" | "aria2c" => command.program().iter().skip(1).collect(),
            _ => continue,
        };
        for word in words {
            let url = with_defaults(look.document, bare(&word.text));
            if let Some(host) = plain_host(&url) {
                report(&host, script.place(word.range.clone()), problems);
            }
        }
    }
}

/// The host of an address that begins with `http://`, or of an option that has one.
fn plain_host(word: &str) -> Option<String> {
    let url = match word.split_once('=') {
        Some((option, value)) if option.starts_with("--") => bare(value),
        _ => word,
    };
    let host = url.starts_with("http://").then(|| host(url))?;
    host.filter(|host| !is_own(host))
}

fn report(host: &str, at: std::ops::Range<usize>, problems: &mut Problems) {
    let message = format!("`{host}` is asked by `http://`");
    let is_s3 =
        host.ends_with(".amazonaws.com") && host.split('.').any(|part| part.starts_with("s3"));
    let label = if is_s3 {
        "this is S3: use `S3Download`, or `https://`"
    } else {
        "anyone on the way can change what arrives: use `https://`"
    };
    problems.warning(LINT.code, &at, message, label);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bash, check};
    use super::LINT;

    #[test]
    fn scripts() {
        for (script, expected) in [
            ("wget \"http://a.example/x\"", 1),
            ("pip install --index-url=http://a.example/simple x", 1),
            ("git clone http://a.example/x", 1),
            ("curl http://bucket.s3.eu-north-1.amazonaws.com/x", 1),
            ("curl http://169.254.169.254/latest/meta-data/", 0),
            ("curl http://localhost:8080/health", 0),
            ("curl 'https://a.example/?to=http://b.example'", 0),
            ("curl --proxy http://proxy:3128 https://a.example/x", 0),
            ("curl http://$HOST/", 0),
            ("echo http://a.example", 0),
            (
                "echo 'deb http://deb.example/ x main' > /etc/apt/sources.list",
                0,
            ),
        ] {
            check(&LINT, &bash(script), expected);
        }
    }

    #[test]
    fn values_of_parameters_count() {
        let text = "constants:\n  - From: {type: string, value: 'http://a.example'}\nphases:\n  - name: build\n    steps:\n      - {name: A, action: ExecuteBash, inputs: {commands: ['curl {{ From }}/x']}}\n";
        check(&LINT, text, 1);
    }
}
