//! `goldsmith plan --explain`: every layer, kept or made, and why.

use std::fmt::Write as _;

use goldsmith_build::image::{Because, Forecast, Verdict};
use goldsmith_build::layer::PartChange;
use goldsmith_core::size::format_bytes;
use goldsmith_plan::diff::text::{Mark, lines};
use serde_json::{Value, json};

use crate::escape::escape;
use crate::style;

/// Inputs, and lines of one input, that are shown; the JSON form has all of them.
const SHOWN: usize = 8;
/// Characters of a value that are shown.
const WIDTH: usize = 100;
/// The input that stands for secrets: a digest, which tells nobody anything.
const SECRETS: &str = "secrets";

/// For a person.
pub(super) fn text(layers: &[Forecast]) -> String {
    let mut text = String::from("  layers\n");
    let width = layers.iter().map(|l| l.title.chars().count()).max();
    let width = width.unwrap_or(0);
    for layer in layers {
        let (word, colour, detail) = match &layer.verdict {
            Verdict::Kept { files, bytes, .. } => (
                "kept",
                style::GOOD,
                format!("{files} files, {}", format_bytes(*bytes)),
            ),
            Verdict::Made(because) => ("made", style::WARNING, reason(because)),
        };
        let title = escape(&layer.title);
        let _ = writeln!(
            text,
            "    {colour}{word}{}  {title:<width$}  {detail}",
            style::RESET
        );
        if let Verdict::Made(Because::Inputs(changes)) = &layer.verdict {
            text.push_str(&inputs(changes));
        }
        for what in &layer.unnoticed {
            let what = escape(what);
            let _ = writeln!(text, "          may change without being noticed: {what}");
        }
    }
    text
}

fn reason(because: &Because) -> String {
    match because {
        Because::Inputs(changes) if changes.len() == 1 => "an input changed".to_owned(),
        Because::Inputs(changes) => format!("{} inputs changed", changes.len()),
        Because::New => "not made yet".to_owned(),
        Because::Gone => "made of the same before, but gone from the store".to_owned(),
        Because::Below => "what is below it changed".to_owned(),
    }
}

fn inputs(changes: &[PartChange]) -> String {
    let mut text = String::new();
    for change in changes.iter().take(SHOWN) {
        let name = escape(&change.name);
        let said = match (&change.old, &change.new) {
            _ if change.name == SECRETS => " a secret changed".to_owned(),
            (None, Some(new)) => format!(" new: {}", short(new)),
            (Some(old), None) => format!(" gone: {}", short(old)),
            (Some(old), Some(new)) if old.contains('\n') || new.contains('\n') => {
                line_changes(old, new)
            }
            (old, new) => {
                let shown = |value: &Option<String>| short(value.as_deref().unwrap_or_default());
                format!(" {} -> {}", shown(old), shown(new))
            }
        };
        let _ = writeln!(text, "          {name}:{said}");
    }
    if let Some(more) = changes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "          and {more} more");
    }
    text
}

fn line_changes(old: &str, new: &str) -> String {
    let changed: Vec<(Mark, String)> = lines(old, new, 0)
        .into_iter()
        .flat_map(|hunk| hunk.lines)
        .collect();
    let mut text = String::new();
    for (mark, line) in changed.iter().take(SHOWN) {
        let _ = write!(text, "\n            {} {}", mark.sign(), short(line));
    }
    if let Some(more) = changed.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = write!(text, "\n            and {more} more lines");
    }
    text
}

fn short(value: &str) -> String {
    let line = escape(&value.replace('\n', "\\n"));
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// For a program.
pub(super) fn layers_json(layers: &[Forecast]) -> Value {
    let masked = |change: &PartChange| {
        if change.name == SECRETS {
            json!({ "name": change.name, "old": null, "new": null })
        } else {
            json!({ "name": change.name, "old": change.old, "new": change.new })
        }
    };
    let layer = |layer: &Forecast| match &layer.verdict {
        Verdict::Kept {
            files,
            bytes,
            made_ms,
        } => {
            json!({ "title": layer.title, "kept": true, "files": files, "bytes": bytes, "made_ms": made_ms,
            "unnoticed": layer.unnoticed })
        }
        Verdict::Made(because) => {
            let (word, changes) = match because {
                Because::Inputs(changes) => ("inputs", changes.iter().map(masked).collect()),
                Because::New => ("new", Vec::new()),
                Because::Gone => ("gone", Vec::new()),
                Because::Below => ("below", Vec::new()),
            };
            json!({ "title": layer.title, "kept": false, "because": word, "changes": changes,
                "unnoticed": layer.unnoticed })
        }
    };
    layers.iter().map(layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, old: Option<&str>, new: Option<&str>) -> PartChange {
        PartChange {
            name: name.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        }
    }

    #[test]
    fn says_what_changed() {
        let script = |line: &str| format!("set -eu\n{line}\nexit 0");
        let (old, new) = (script("nginx -t"), script("nginx -T"));
        let layers = [
            Forecast {
                title: "packages".to_owned(),
                verdict: Verdict::Kept {
                    files: 12,
                    bytes: 2048,
                    made_ms: 7,
                },
                unnoticed: Vec::new(),
            },
            Forecast {
                title: "a.yaml build/One".to_owned(),
                verdict: Verdict::Made(Because::Inputs(vec![
                    change("inputs[0].commands", Some(&old), Some(&new)),
                    change("environment", Some("A=1"), Some("A=\x1b2")),
                    change("onFailure", None, Some("Continue")),
                    change("secrets", Some("aaaa"), Some("bbbb")),
                ])),
                unnoticed: vec!["https://example.com/x".to_owned()],
            },
            Forecast {
                title: "a.yaml build/Two".to_owned(),
                verdict: Verdict::Made(Because::Below),
                unnoticed: Vec::new(),
            },
        ];
        let shown = anstream::adapter::strip_str(&text(&layers)).to_string();
        assert_eq!(
            shown,
            "  layers
    kept  packages          12 files, 2 KiB
    made  a.yaml build/One  4 inputs changed
          inputs[0].commands:
            - nginx -t
            + nginx -T
          environment: A=1 -> A=\\u{1b}2
          onFailure: new: Continue
          secrets: a secret changed
          may change without being noticed: https://example.com/x
    made  a.yaml build/Two  what is below it changed
"
        );
        let json = layers_json(&layers);
        assert_eq!(json[1]["changes"][0]["new"], new);
        assert!(!json.to_string().contains("bbbb"), "{json}");
    }
}
