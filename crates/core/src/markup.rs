//! Text on its way into HTML and XML, and the tables of reports: one escape for all of them, so that
//! nothing that comes from an image can become a part of a page.

use std::fmt::Write as _;

/// Rows of a table that stand open.
const OPEN: usize = 40;

/// Text as HTML and XML 1.0 have it, in an element and in an attribute.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // In an attribute the character itself would become a space.
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(c),
            // XML has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The beginning of a page that needs nothing else. It ends with `</html>`.
pub fn page(title: &str, style: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>\n{style}</style>\n",
        escaped(title)
    )
}

/// A row of cells that are HTML already.
pub fn row(class: &str, cells: &[String]) -> String {
    let cells: String = cells
        .iter()
        .map(|cell| format!("<td>{cell}</td>"))
        .collect();
    format!("<tr class=\"{class}\">{cells}</tr>\n")
}

/// A table below its title, of rows made by [`row`]; long ones are folded. Nothing without rows.
pub fn table(page: &mut String, title: &str, head: &[&str], rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    let head: String = head.iter().map(|name| format!("<th>{name}</th>")).collect();
    let (open, folded) = rows.split_at(rows.len().min(OPEN));
    let mut line = |text: std::fmt::Arguments<'_>| {
        writeln!(page, "{text}").expect("a string takes everything");
    };
    line(format_args!("<h2>{title}</h2>"));
    line(format_args!(
        "<table><tr>{head}</tr>\n{}</table>",
        open.concat()
    ));
    if !folded.is_empty() {
        line(format_args!(
            "<details><summary>and {} more</summary><table>\n{}</table></details>",
            folded.len(),
            folded.concat()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(
            escaped("<a href='x'>\"&\n\t\u{1b}[1m\u{ffff}é"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&#10;\t\u{fffd}[1m\u{fffd}é"
        );
        assert!(page("<b>", "").contains("<title>&lt;b&gt;</title>"));
    }

    #[test]
    fn long_tables_are_folded() {
        let rows: Vec<String> = (0..42)
            .map(|number| row("c", &[number.to_string()]))
            .collect();
        let mut page = String::new();
        table(&mut page, "Empty", &["a"], &[]);
        assert_eq!(page, "");
        table(&mut page, "Numbers", &["a"], &rows);
        assert!(page.starts_with(
            "<h2>Numbers</h2>\n<table><tr><th>a</th></tr>\n<tr class=\"c\"><td>0</td></tr>\n"
        ));
        assert!(page.contains("<summary>and 2 more</summary>"), "{page}");
        assert_eq!(page.matches("<td>").count(), 42);
    }
}
