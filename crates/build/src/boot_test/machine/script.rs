//! The text of the scripts that a guest is driven by.

use std::fmt::Write as _;

use goldsmith_component::machine::{Attributes, Group, Program, Script};
use goldsmith_exec::child::shell_word;

/// Exit code of our own lines before a program, for what is not there.
pub(super) const MISSING: i32 = 97;
pub(super) const NO_USER: &str = "goldsmith: no such user";
pub(super) const NO_PROGRAM: &str = "goldsmith: no such program";

/// Functions that set `$kind` to a letter for what is at a path, or to nothing: `lkind` does
/// not follow a link.
pub(super) const KIND: &str = "\
kind() { if [ -f \"$1\" ]; then kind=f; elif [ -d \"$1\" ]; then kind=d; elif [ -e \"$1\" ]; then kind=o; else kind=; fi; }
lkind() { if [ -L \"$1\" ]; then kind=l; else kind \"$1\"; fi; }";

/// The lines that start a program in the place of bash. A script comes by standard input,
/// and goes on as a file without a name that only its user can read.
pub(super) fn program(script: &Script) -> String {
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("a string takes everything");
    };
    let mut switch = String::new();
    if let Some(user) = &script.user {
        let user = shell_word(user);
        line(format_args!(
            "user={user}; id -u -- \"$user\" >/dev/null 2>&1 || {{ echo '{NO_USER}' >&2; exit {MISSING}; }}"
        ));
        line(format_args!(
            "export USER=\"$user\" LOGNAME=\"$user\"; HOME=$(getent passwd \"$user\" | cut -d: -f6)"
        ));
        switch.push_str(
            "setpriv --reuid \"$user\" --regid \"$(id -g -- \"$user\")\" --init-groups -- ",
        );
    }
    let start = match &script.program {
        Program::Bash(_) => {
            line(format_args!(
                "file=$(mktemp /tmp/goldsmith-XXXXXX) && cat >\"$file\" || exit 1"
            ));
            if script.user.is_some() {
                line(format_args!("chown -- \"$user\" \"$file\" || exit 1"));
            }
            line(format_args!(
                "exec 3<\"$file\" && rm -f -- \"$file\" || exit 1"
            ));
            "bash /dev/fd/3".to_owned()
        }
        Program::Argv(argv) => {
            let words: Vec<String> = argv.iter().map(|word| shell_word(word)).collect();
            let name = words.first().map_or("''", String::as_str);
            line(format_args!(
                "type -P -- {name} >/dev/null || {{ echo '{NO_PROGRAM}' >&2; exit {MISSING}; }}"
            ));
            // `env` so that neither a function nor a built-in of bash is meant.
            format!("env -- {}", words.join(" "))
        }
    };
    line(format_args!("cd -- {} || exit 1", shell_word(&script.cwd)));
    for (name, value) in &script.env {
        line(format_args!("export {name}={}", shell_word(value)));
    }
    line(format_args!(
        "unset INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID"
    ));
    line(format_args!("exec {switch}{start} </dev/null"));
    text
}

/// The lines that give `$p` attributes, with options for `chown` and `chmod`: `-R `.
pub(super) fn set(attributes: &Attributes, options: &str) -> String {
    let mut text = String::new();
    let group = match &attributes.group {
        Some(Group::Named(name)) => Some(name.as_str()),
        // What `chown` takes for it.
        Some(Group::OfOwner) => Some(""),
        None => None,
    };
    let owner = attributes.owner.as_deref().unwrap_or_default();
    let who = match group {
        Some(group) => format!("{owner}:{group}"),
        None => owner.to_owned(),
    };
    // First the owner: changing it takes set-user-id bits away.
    if !who.is_empty() {
        let who = shell_word(&who);
        writeln!(text, "chown {options}-- {who} \"$p\" || exit 1").expect("a string");
    }
    if let Some(mode) = attributes.mode {
        // Fewer than five digits would leave the special bits of a directory.
        writeln!(text, "chmod {options}-- {mode:05o} \"$p\" || exit 1").expect("a string");
    }
    text
}

/// The lines that remove the directory `$t`, which is in the way of what `$f` is to become.
/// They refuse when one of the two lies in the other.
pub(super) fn make_room(from: &str, to: &str) -> String {
    let to = to.trim_end_matches('/');
    let above = match to.rsplit_once('/') {
        Some((above, _)) if !above.is_empty() => above,
        _ => "/",
    };
    format!(
        "f={} t={} d={}
within() {{ ( cd -P -- \"$1\" || exit 1; until [ . -ef \"$2\" ]; do [ . -ef / ] && exit 1; cd ..; done ) }}
is_dir() {{ [ -d \"$1\" ] && [ ! -L \"$1\" ]; }}
if within \"$d\" \"$f\" || {{ is_dir \"$t\" && within \"$f\" \"$t\"; }}; then
  echo 'one of the two directories lies in the other' >&2; exit 1
fi
if is_dir \"$t\"; then rm -rf -- \"$t\" || exit 1; fi",
        shell_word(from),
        shell_word(to),
        shell_word(above)
    )
}
