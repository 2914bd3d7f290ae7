//! Shell scripts cut into commands, as far as lints need it: words, what they are joined by,
//! and in which branch of which compound they stand. It never fails: what is no valid script
//! gives some commands, and `bash -n` is not replaced.

mod lexer;

use std::ops::Range;

use lexer::{Lexer, Token};

/// A simple command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// `NAME=value` before or instead of words.
    pub(super) assignments: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
    /// How it is joined to the next one.
    pub(super) link: Link,
    /// Its exit code is what an `if`, `while`, `!` or the like asks for.
    pub(super) is_tested: bool,
    /// Compounds around it, outermost first, each with the branch of it.
    pub(super) branches: Vec<(usize, usize)>,
}

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As written, with quotes.
    pub(super) text: String,
    /// Offsets into the script.
    pub(super) range: Range<usize>,
}

#[derive(Debug)]
pub(super) struct Redirect {
    /// `>`, `2>`, `<<<`, ...
    pub(super) operator: String,
    pub(super) target: Word,
}

/// What stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// A line end, `;`, or the end of the script.
    Then,
    And,
    Or,
    Pipe,
    Background,
}

impl Command {
    /// Its first word without quotes; empty for mere assignments.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", |word| bare(&word.text))
    }

    /// The words of what really runs: without `sudo`, `env` and their like.
    pub(super) fn program(&self) -> &[Word] {
        let mut words = self.words.as_slice();
        while let Some((first, rest)) = words.split_first() {
            let name = base(bare(&first.text));
            if ![
                "sudo", "env", "nohup", "time", "exec", "command", "doas", "nice",
            ]
            .contains(&name)
            {
                break;
            }
            words = rest;
            while let Some((option, rest)) = words.split_first()
                && (option.text.starts_with('-') || option.text.contains('='))
            {
                words = rest;
            }
        }
        words
    }

    /// The name of [`Command::program`] without its directory.
    pub(super) fn program_name(&self) -> &str {
        base(self.program().first().map_or("", |word| bare(&word.text)))
    }

    /// From its first word to the last.
    pub(super) fn range(&self) -> Range<usize> {
        let words = self.assignments.iter().chain(&self.words);
        let words = words.chain(self.redirects.iter().map(|redirect| &redirect.target));
        let start = words.clone().map(|word| word.range.start).min();
        let end = words.map(|word| word.range.end).max();
        start.unwrap_or(0)..end.unwrap_or(0)
    }

    /// Whether what it prints goes to a file.
    pub(super) fn is_redirected(&self) -> bool {
        self.redirects.iter().any(|redirect| {
            let is_output = matches!(
                redirect.operator.as_str(),
                ">" | ">>" | "1>" | "1>>" | "&>" | "&>>" | ">|"
            );
            let target = bare(&redirect.target.text);
            let is_shown =
                ["/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/console"].contains(&target);
            is_output && !is_shown && !redirect.target.text.starts_with('&')
        })
    }
}

/// A word without the quotes around it.
pub(super) fn bare(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}

fn base(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What a compound is made of: where its branches begin and where it ends.
struct Compound {
    id: usize,
    branch: usize,
    closes: &'static str,
}

/// Deepest nesting of compounds that is kept apart.
const NESTED_MAX: usize = 50;

/// Cuts a script into its commands, those in compounds and functions included, those in
/// substitutions not: they are part of their word.
pub(super) fn parse(script: &str) -> Vec<Command> {
    Parser::default().run(script)
}

/// Words that are no command.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Header {
    #[default]
    None,
    /// `for NAME in ...` up to the line's end.
    For,
    /// `case WORD in`
    Case,
    /// The patterns of an arm, up to `)`.
    Pattern,
    /// `function NAME`
    Function,
}

#[derive(Default)]
struct Parser {
    commands: Vec<Command>,
    open: Vec<Compound>,
    ids: usize,
    current: Option<Command>,
    /// Within the part of `if` or `while` that is asked.
    tested: usize,
    is_negated: bool,
    header: Header,
}

impl Parser {
    fn run(mut self, script: &str) -> Vec<Command> {
        for token in Lexer::new(script) {
            match token {
                Token::Word(word) => self.word(word),
                Token::Redirect(redirect) => self.current().redirects.push(redirect),
                Token::Operator(operator) => self.operator(operator),
            }
        }
        self.end(Link::Then);
        self.commands
    }

    fn current(&mut self) -> &mut Command {
        let branches = self.open.iter().map(|c| (c.id, c.branch));
        let is_tested = self.tested > 0 || self.is_negated;
        self.current.get_or_insert_with(|| Command {
            words: Vec::new(),
            assignments: Vec::new(),
            redirects: Vec::new(),
            link: Link::Then,
            is_tested,
            branches: branches.collect(),
        })
    }

    /// The command is over.
    fn end(&mut self, link: Link) {
        if self.header == Header::For {
            self.header = Header::None;
        }
        self.is_negated = false;
        let Some(mut command) = self.current.take() else {
            return;
        };
        command.link = link;
        if !command.words.is_empty() || !command.assignments.is_empty() {
            self.commands.push(command);
        }
    }

    fn begin(&mut self, closes: &'static str) {
        self.end(Link::Then);
        self.ids += 1;
        if self.open.len() < NESTED_MAX {
            self.open.push(Compound {
                id: self.ids,
                branch: 0,
                closes,
            });
        }
    }

    fn close(&mut self, word: &str) {
        self.end(Link::Then);
        if let Some(at) = self.open.iter().rposition(|open| open.closes == word) {
            self.open.truncate(at);
        }
    }

    fn branch(&mut self) {
        self.end(Link::Then);
        if let Some(open) = self.open.last_mut() {
            open.branch += 1;
        }
    }

    fn word(&mut self, word: Word) {
        match self.header {
            Header::None => {}
            Header::Pattern if word.text == "esac" => {
                self.header = Header::None;
                return self.close("esac");
            }
            Header::Case if word.text == "in" => {
                self.header = Header::Pattern;
                return;
            }
            Header::Function => {
                self.header = Header::None;
                return;
            }
            Header::For | Header::Case | Header::Pattern => return,
        }
        let is_first = self
            .current
            .as_ref()
            .is_none_or(|command| command.words.is_empty() && command.assignments.is_empty());
        if is_first && self.reserved(&word.text) {
            return;
        }
        let command = self.current();
        if command.words.is_empty() && is_assignment(&word.text) {
            command.assignments.push(word);
        } else {
            command.words.push(word);
        }
    }

    /// Words that build compounds. `true`: it was one.
    fn reserved(&mut self, word: &str) -> bool {
        match word {
            "if" => {
                self.begin("fi");
                self.tested += 1;
            }
            "while" | "until" => {
                self.begin("done");
                self.tested += 1;
            }
            "for" | "select" => {
                self.begin("done");
                self.header = Header::For;
            }
            "case" => {
                self.begin("esac");
                self.header = Header::Case;
            }
            "then" | "do" => {
                self.end(Link::Then);
                self.tested = self.tested.saturating_sub(1);
            }
            "elif" => {
                self.branch();
                self.tested += 1;
            }
            "else" => self.branch(),
            "fi" | "done" | "esac" => self.close(word),
            "{" => self.begin("}"),
            "}" => self.close("}"),
            "!" => self.is_negated = true,
            "function" => self.header = Header::Function,
            _ => return false,
        }
        true
    }

    fn operator(&mut self, operator: &str) {
        if self.header == Header::Pattern {
            if operator == ")" {
                self.header = Header::None;
            }
            return;
        }
        match operator {
            "&&" => self.end(Link::And),
            "||" => self.end(Link::Or),
            "|" | "|&" => self.end(Link::Pipe),
            "&" => self.end(Link::Background),
            // The arm of a `case` ends; the next one is another branch.
            ";;" | ";&" | ";;&" => {
                self.branch();
                self.header = Header::Pattern;
            }
            "(" => {
                // `name()`: a function, whose name is no command. `)` closes it at once.
                self.current = None;
                self.begin(")");
            }
            ")" => self.close(")"),
            _ => self.end(Link::Then),
        }
    }
}

/// `NAME=...`, `NAME+=...`.
fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else {
        return false;
    };
    let name = name.strip_suffix('+').unwrap_or(name);
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands, a line each: words, then what follows.
    fn check(script: &str, expected: &[&str]) {
        let commands = parse(script);
        let shown: Vec<String> = commands
            .iter()
            .map(|command| {
                let words = command.assignments.iter().chain(&command.words);
                let mut text: Vec<String> = words.map(|word| word.text.clone()).collect();
                for word in command.assignments.iter().chain(&command.words) {
                    assert_eq!(&script[word.range.clone()], word.text);
                }
                text.extend(
                    command
                        .redirects
                        .iter()
                        .map(|r| format!("{}{}", r.operator, r.target.text)),
                );
                if command.is_tested {
                    text.insert(0, "?".to_owned());
                }
                let link = match command.link {
                    Link::Then => "",
                    Link::And => " &&",
                    Link::Or => " ||",
                    Link::Pipe => " |",
                    Link::Background => " &",
                };
                format!("{}{link}", text.join(" "))
            })
            .collect();
        assert_eq!(shown, expected, "{script}");
    }

    #[test]
    fn lines_and_lists() {
        check(
            "a b; c\nd && e || f | g &\n",
            &["a b", "c", "d &&", "e ||", "f |", "g &"],
        );
        check("# a\na \\\n  b # c\nx#y", &["a b", "x#y"]);
        check(
            "A=1 B+=2 c D=3\nE=$(f; g)",
            &["A=1 B+=2 c D=3", "E=$(f; g)"],
        );
    }

    #[test]
    fn quotes_and_substitutions() {
        check(
            r#"a "b; c" 'd | e' f\;g $'h\'i'"#,
            &[r#"a "b; c" 'd | e' f\;g $'h\'i'"#],
        );
        check(
            r#"a "$(b "c" | d)" `e; f` ${g:-h;i} $((1 + (2)))"#,
            &[r#"a "$(b "c" | d)" `e; f` ${g:-h;i} $((1 + (2)))"#],
        );
        check(
            "echo {{ Some Name }} {{a|b}}",
            &["echo {{ Some Name }} {{a|b}}"],
        );
        check(
            "bash <(curl x) >y 2>&1 <<<\"z\"",
            &["bash <(curl x) >y 2>&1 <<<\"z\""],
        );
    }

    #[test]
    fn here_documents_are_no_commands() {
        check("cat <<EOF >x\na; b\nEOF\nc", &["cat <<EOF >x", "c"]);
        check("cat <<-'E' | d\n\ta\n\tE\nc", &["cat <<-'E' |", "d", "c"]);
        check("cat <<EOF\nnever ends", &["cat <<EOF"]);
    }

    #[test]
    fn compounds() {
        check(
            "if a; then b; elif c; then d; else e; fi; f",
            &["? a", "b", "? c", "d", "e", "f"],
        );
        check("while a | b; do c; done", &["? a |", "? b", "c"]);
        check("for x in a b; do c; done\n! d", &["c", "? d"]);
        check("case $x in a|b) c;; *) d; e;; esac", &["c", "d", "e"]);
        check(
            "f() { a; b; }\nfunction g { c; }\n(d; e)",
            &["a", "b", "c", "d", "e"],
        );
        let commands = parse("if a; then b; else c; fi; d");
        let branches: Vec<_> = commands.iter().map(|c| c.branches.clone()).collect();
        assert_eq!(branches, [vec![(1, 0)], vec![(1, 0)], vec![(1, 1)], vec![]]);
    }

    #[test]
    fn programs_behind_prefixes() {
        for (script, name) in [
            ("sudo -E env A=1 /usr/bin/curl x", "curl"),
            ("exec bash", "bash"),
            ("A=1", ""),
            ("\"wget\" x", "wget"),
        ] {
            assert_eq!(parse(script)[0].program_name(), name, "{script}");
        }
    }
}
