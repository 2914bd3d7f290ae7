//! Texts of strangers on a terminal.

/// Takes control characters out of a text that may hold names from packages, guests and mirrors:
/// a terminal obeys them.
pub(crate) fn escape(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if is_plain(c) {
                c.to_string()
            } else {
                c.escape_default().to_string()
            }
        })
        .collect()
}
