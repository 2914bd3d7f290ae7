//! Secrets that a script prints.

mod name;

use super::script::Script;
use super::shell::{Command, Link};
use super::{Lint, Look};
use crate::document::Document;
use crate::expr::{Piece, Reference, Template};
use crate::problems::Problems;
pub(super) use name::is_secret;

pub(super) static LINT: Lint = Lint {
    code: "C1003",
    name: "secret-echo",
    summary: "a secret that a script prints",
    why: "What a script prints is in the log of the build, on every screen that follows it, and in the image's \
          record. Goldsmith takes out values that it knows to be secret, but a default of a parameter, or what a program \
          makes of a secret, it does not know. Do not print it; give it to a program by a file or its standard input.",
    example: "- name: Login\n  action: ExecuteBash\n  inputs:\n    commands:\n      - echo \"password is {{ Password }}\"\n",
    better: "- name: Login\n  action: ExecuteBash\n  inputs:\n    commands:\n      - echo '{{ Password }}' | docker login --username ci --password-stdin\n",
    check,
};

/// Programs that print what they are given.
const PRINTERS: [&str; 4] = ["echo", "printf", "logger", "wall"];
/// Programs that pass on what comes in.
const PASSERS: [&str; 4] = ["cat", "tee", "logger", "xargs"];

fn check(look: &Look<'_>, problems: &mut Problems) {
    for script in look.scripts.iter().filter(|script| !script.step.is_silent) {
        if !script.text.contains(['$', '{']) {
            continue;
        }
        let variables = variables(look.document, script);
        let secret = |text: &str| secret_in(look.document, &variables, text);
        for pipeline in script.pipelines() {
            printed(script, pipeline, &secret, problems);
        }
        traced(look.document, script, problems);
    }
}

/// Shell variables that hold a secret: by their name, or by what they are given.
fn variables(document: &Document, script: &Script<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for command in &script.commands {
        let is_export = matches!(command.name(), "export" | "local" | "declare" | "readonly");
        let words = command.words.iter().skip(1).filter(|_| is_export);
        for word in command.assignments.iter().chain(words) {
            if let Some((name, value)) = word.text.split_once('=')
                && reference(document, value).is_some()
            {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The first secret in a text.
fn secret_in(document: &Document, variables: &[String], text: &str) -> Option<String> {
    if let Some(found) = reference(document, text) {
        return Some(found);
    }
    // Single quotes keep `$` as it is.
    if text.starts_with('\'') {
        return None;
    }
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        let name = rest.strip_prefix('{').unwrap_or(rest);
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(name.len());
        let name = &name[..end];
        if variables.iter().any(|known| known == name) || is_secret(name) {
            return Some(format!("${name}"));
        }
    }
    None
}

/// The first reference to a secret in a text.
fn reference(document: &Document, text: &str) -> Option<String> {
    if !text.contains("{{") {
        return None;
    }
    let pieces = Template::parse(text).pieces;
    pieces.into_iter().find_map(|piece| match piece {
        Piece::Reference(reference, whole) => refers(document, &reference).then_some(whole),
        Piece::Literal(_) | Piece::Odd(_) => None,
    })
}

fn refers(document: &Document, reference: &Reference) -> bool {
    match reference {
        Reference::Name(name) => is_secret(name),
        Reference::Prefixed {
            namespace: "aws:ssm",
            rest,
        } => {
            let inner = rest
                .strip_prefix("resolve(")
                .and_then(|rest| rest.strip_suffix(')'));
            match inner {
                None => is_secret(rest),
                Some(inner) => {
                    let given = document.parameters.iter().chain(&document.constants);
                    let named = given
                        .clone()
                        .find(|declared| declared.name.value == inner.trim());
                    let value = named.and_then(|declared| declared.value.as_deref());
                    is_secret(inner) || value.is_some_and(is_secret)
                }
            }
        }
        Reference::Prefixed {
            namespace: "env",
            rest,
        } => is_secret(rest),
        Reference::Prefixed { .. } | Reference::Chain(_) | Reference::Loop { .. } => false,
    }
}

/// What is printed reaches the log unless it goes into a file or another program.
fn printed(
    script: &Script<'_>,
    pipeline: &[Command],
    secret: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    for (at, command) in pipeline.iter().enumerate() {
        let name = command.program_name();
        let words: Vec<_> = if PRINTERS.contains(&name) {
            command.program().iter().skip(1).collect()
        } else if PASSERS.contains(&name) {
            let fed = command.redirects.iter().filter(|r| r.operator == "<<<");
            fed.map(|redirect| &redirect.target).collect()
        } else {
            continue;
        };
        let passes = |command: &Command| {
            PASSERS.contains(&command.program_name()) && !command.is_redirected()
        };
        let ends_in_log = !command.is_redirected()
            && pipeline[at + 1..].iter().all(passes)
            && pipeline.last().is_some_and(|last| last.link != Link::Pipe);
        if !ends_in_log {
            continue;
        }
        let found = words
            .into_iter()
            .find_map(|word| Some((secret(&word.text)?, word)));
        if let Some((what, word)) = found {
            let message = format!("`{name}` prints a secret: `{what}`");
            let place = script.place(word.range.clone());
            problems.warning(LINT.code, &place, message, "this ends up in the log");
        }
    }
}

/// `set -x` prints every command with what its variables hold.
fn traced(document: &Document, script: &Script<'_>, problems: &mut Problems) {
    let Some(what) = reference(document, &script.text) else {
        return;
    };
    let trace = script.commands.iter().find(|command| {
        let mut words = command.words.iter().skip(1).map(|word| word.text.as_str());
        let is_short = |word: &str| word.starts_with('-') && !word.starts_with("--");
        command.name() == "set"
            && words.any(|word| word == "xtrace" || (is_short(word) && word.contains('x')))
    });
    if let Some(trace) = trace {
        let message = format!("`set -x` prints a secret: `{what}`");
        let place = script.place(trace.range());
        let label = "every command ends up in the log";
        problems.warning(LINT.code, &place, message, label);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bash, check};
    use super::LINT;

    #[test]
    fn scripts() {
        for (script, expected) in [
            ("echo {{ Password }}", 1),
            ("printf '%s' '{{Password}}' | tee /tmp/x", 1),
            ("cat <<< \"{{ Password }}\"", 1),
            ("P='{{ Password }}'\necho \"it is ${P}\"", 1),
            ("export P={{ Password }}; echo $P >&2", 1),
            ("echo {{ aws:ssm:/aws/reference/secretsmanager/db }}", 1),
            ("echo {{ aws:ssm:/app/db_password }}", 1),
            ("echo {{ aws:ssm:resolve(Password) }}", 1),
            ("echo $DB_PASSWORD", 1),
            ("set -eux\nlogin '{{ Password }}'", 1),
            ("sudo echo {{ Password }} > /dev/stderr", 1),
            ("echo {{ Password }} > /root/.pgpass", 0),
            ("echo {{ Password }} | passwd --stdin app", 0),
            ("echo {{ Password }} | tee /root/x > /dev/null", 0),
            ("echo {{ aws:ssm:/app/name }}", 0),
            ("echo '$DB_PASSWORD'", 0),
            ("echo $PASSWORD_FILE", 0),
            ("login '{{ Password }}'", 0),
        ] {
            check(&LINT, &bash(script), expected);
        }
        let silent =
            bash("echo {{ Password }}").replace("  inputs", "  disableLogging: true\n  inputs");
        check(&LINT, &silent, 0);
    }
}
