//! `ListFiles`: the files of a directory whose names fit a pattern. Links to files are files;
//! links to directories are not followed.

use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
};
use crate::machine::{Depth, NodeKind};

pub(super) static ACTION: Action = Action {
    name: "ListFiles",
    summary: "lists files",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("path", Kind::Text, "of the directory"),
        optional(
            "fileNamePattern",
            Kind::Text,
            "what names fit, with `*`, `?` and `[a-z]`; default `*`",
        ),
        optional(
            "recursive",
            Kind::Flag,
            "whether files in directories below count; default false",
        ),
    ],
    outputs: &["files"],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let path = files::absolute(values.required("path")?)?;
    let directory = path.trim_end_matches('/');
    files::check_is(call, &path, NodeKind::Directory)?;
    let pattern = values.text("fileNamePattern").unwrap_or("*");
    let glob = glob(pattern).ok_or_else(|| {
        ActionError::Refused(format!("`fileNamePattern` is `{pattern}`, not a pattern"))
    })?;
    let depth = if values.flag("recursive", false)? {
        Depth::All
    } else {
        Depth::One
    };
    let fits = |name: &str| glob.is_match(name);
    let found = files::below(call, directory, depth, NodeKind::File, &fits)?;
    let paths: Vec<String> = found
        .iter()
        .map(|name| format!("{directory}/{name}"))
        .collect();
    Ok(Outputs::from([("files", paths.join(","))]))
}

/// The names that a shell's pattern means, those that begin with a dot among them.
fn glob(pattern: &str) -> Option<regex::Regex> {
    let mut text = "(?s)^".to_owned();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => text.push_str(".*"),
            '?' => text.push('.'),
            '[' => {
                let (inside, after) = letters.as_str().split_once(']')?;
                let (not, inside) = match inside.strip_prefix(['!', '^']) {
                    Some(inside) => ("^", inside),
                    None => ("", inside),
                };
                // `-` between two letters is a range here and there.
                let inside = inside.replace(['\\', '[', '&', '~'], "");
                text.push_str(&format!("[{not}{inside}]"));
                letters = after.chars();
            }
            '\\' => text.push_str(&regex::escape(&letters.next()?.to_string())),
            letter => text.push_str(&regex::escape(&letter.to_string())),
        }
    }
    text.push('$');
    regex::Regex::new(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*", ".hidden", true),
            ("*.conf", "a.conf", true),
            ("*.conf", "aXconf", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("(a|b)+", "(a|b)+", true),
        ] {
            assert_eq!(
                glob(pattern).unwrap().is_match(name),
                expected,
                "{pattern} {name}"
            );
        }
        for pattern in ["[", "[z-a]", "a\\", "[]"] {
            assert!(glob(pattern).is_none(), "{pattern}");
        }
    }
}
