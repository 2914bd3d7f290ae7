//! What to do about a text that is no YAML: the mistakes that people make in documents.

use granit_parser::ErrorKind;

/// A value that begins with a reference.
pub(super) const REFERENCE: &str = "a value that begins with `{{` must stand in quotes";

const SEVERAL_LINES: &str =
    "a text with `: ` or ` #` in it, or over several lines, must stand in quotes or below `|`";
const TABS: &str = "YAML is indented with spaces: replace the tabs";
const ALIAS: &str = "`*` begins an alias: a text that begins with it must stand in quotes";
pub(super) const TAG: &str = "`!` begins a tag: a text that begins with it must stand in quotes";
const BRACKET: &str = "a text that begins with `[` or `{` must stand in quotes";
const AFTER_QUOTE: &str =
    "a text that begins with a quote ends with it: put all of it into other quotes or below `|`";
const ESCAPE: &str = "`\\` means something in double quotes: use single quotes";
const UNCLOSED: &str = "the quote that is opened is not closed";
const OPEN_BRACKET: &str =
    "the bracket is not closed; a text that begins with one must stand in quotes";
const SPACE: &str = "a name and its value stand apart: `name: value`";
const INDENT: &str = "lines that belong together begin in the same column";

/// Advice for an error at `offset` of `text`; `None` when nothing better is known than the
/// error itself.
pub(super) fn advice(kind: &ErrorKind, text: &str, offset: usize) -> Option<String> {
    let (before, line) = line(text, offset);
    let first = value(line).chars().next();
    if value(line).starts_with("{{") {
        return Some(REFERENCE.to_owned());
    }
    let is_line_start = before.trim().is_empty();
    let after_comment = text[..text.floor_char_boundary(offset) - before.len()]
        .lines()
        .next_back()
        .is_some_and(|line| line.trim_start().starts_with('#'));
    let known = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => TABS,
        ErrorKind::UnknownAnchor | ErrorKind::MissingAnchorOrAliasName if first == Some('*') => {
            ALIAS
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let character = match character {
                '`' => "a backtick".to_owned(),
                other => format!("`{other}`"),
            };
            return Some(format!(
                "a text that begins with {character} must stand in quotes"
            ));
        }
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::ExpectedTagBang => TAG,
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => UNCLOSED,
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => AFTER_QUOTE,
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => ESCAPE,
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => OPEN_BRACKET,
        _ if is_line_start && is_joined(line) => SPACE,
        _ if is_line_start && after_comment => SEVERAL_LINES,
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::ExpectedBlockMappingKey
            if is_line_start =>
        {
            INDENT
        }
        _ if matches!(first, Some('"' | '\'')) => AFTER_QUOTE,
        _ if matches!(first, Some('[' | '{')) => BRACKET,
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::CommentInterceptedScalar
        | ErrorKind::UnexpectedEndOfPlainScalar => SEVERAL_LINES,
        _ => return None,
    };
    Some(known.to_owned())
}

/// What stands before an offset in its line, and all of the line.
fn line(text: &str, offset: usize) -> (&str, &str) {
    let offset = text.floor_char_boundary(offset);
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    (&text[start..offset], line)
}

/// `name:value`
fn is_joined(line: &str) -> bool {
    let Some((name, value)) = line.trim().split_once(':') else {
        return false;
    };
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !value.is_empty()
        && !value.starts_with(' ')
}

/// What stands behind `- ` and `name: ` in a line.
fn value(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    let Some((key, value)) = rest.split_once(": ") else {
        return rest;
    };
    let is_key = key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_key { value.trim_start() } else { rest }
}
