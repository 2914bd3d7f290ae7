//! `format` and `formatlist`, with the verbs of Go's fmt that Terraform documents.

use super::{Args, Failed, Function, encoding, function};
use crate::value::{Kind, Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "format",
        "format(spec, values...)",
        "text by a specification: %s %d %f %q %t %v %x %05.1f",
        1,
        None,
        |a| Ok(format(a, &a.text(0)?, &a.values[1..])?.into()),
    ),
    function(
        "formatlist",
        "formatlist(spec, values...)",
        "format() for every element of the lists",
        1,
        None,
        format_list,
    ),
];

fn format_list(a: &Args<'_>) -> Result<Value, Failed> {
    let spec = a.text(0)?;
    let mut length = None;
    for (n, value) in a.values.iter().enumerate().skip(1) {
        if let Kind::List(items) = &value.kind {
            match length {
                Some(known) if known != items.len() => {
                    return a.wrong(n, "the lists differ in length");
                }
                _ => length = Some(items.len()),
            }
        }
    }
    let lines: Result<Vec<Value>, Failed> = (0..length.unwrap_or(1))
        .map(|row| {
            let values: Vec<Value> = a.values[1..]
                .iter()
                .map(|value| match &value.kind {
                    Kind::List(items) => items[row].clone(),
                    _ => value.clone(),
                })
                .collect();
            Ok(format(a, &spec, &values)?.into())
        })
        .collect();
    Ok(lines?.into())
}

/// What stands between `%` and the verb.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags of a verb, each on its own"
)]
struct Verb {
    is_left: bool,
    is_zero: bool,
    is_signed: bool,
    has_space: bool,
    is_alternate: bool,
    width: Option<usize>,
    precision: Option<usize>,
    index: Option<usize>,
}

/// Widths and precisions beyond this are mistakes.
const WIDTH_MAX: usize = 4096;

fn format(a: &Args<'_>, spec: &str, values: &[Value]) -> Result<String, Failed> {
    let mut out = String::new();
    let mut chars = spec.chars().peekable();
    let (mut next, mut is_indexed) = (0, false);
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let verb = verb(&mut chars)?;
        let Some(letter) = chars.next() else {
            return Err("the specification ends within a verb".into());
        };
        if let Some(index) = verb.index {
            next = index.checked_sub(1).ok_or("arguments are counted from 1")?;
            is_indexed = true;
        }
        let value = values
            .get(next)
            .ok_or_else(|| format!("`%{letter}` has no value: {} given", values.len()))?;
        let text = show(value, letter, &verb).map_err(|message| Failed {
            argument: Some(next + 1),
            message,
        })?;
        out.push_str(&pad(text, letter, &verb));
        next += 1;
        a.bounded_text(out.len())?;
    }
    if next < values.len() && !is_indexed {
        return a.wrong(next + 1, "more values than verbs");
    }
    Ok(out)
}

fn verb(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Verb, Failed> {
    let mut verb = Verb::default();
    loop {
        match chars.peek() {
            Some('-') => verb.is_left = true,
            Some('0') => verb.is_zero = true,
            Some('+') => verb.is_signed = true,
            Some(' ') => verb.has_space = true,
            Some('#') => verb.is_alternate = true,
            _ => break,
        }
        chars.next();
    }
    if chars.next_if_eq(&'[').is_some() {
        verb.index = digits(chars)?;
        if chars.next() != Some(']') {
            return Err("`[` without `]` in the specification".into());
        }
    }
    verb.width = digits(chars)?;
    if chars.next_if_eq(&'.').is_some() {
        verb.precision = Some(digits(chars)?.unwrap_or(0));
    }
    Ok(verb)
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Option<usize>, Failed> {
    let mut text = String::new();
    while let Some(c) = chars.next_if(char::is_ascii_digit) {
        text.push(c);
    }
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .ok()
        .filter(|n| *n <= WIDTH_MAX)
        .map(Some)
        .ok_or_else(|| format!("`{text}` is too wide").into())
}

fn show(value: &Value, letter: char, verb: &Verb) -> Result<String, String> {
    let text = || {
        value
            .as_text()
            .ok_or_else(|| format!("`%{letter}` needs text, a number or a boolean"))
    };
    let number = || {
        value
            .as_number()
            .ok_or_else(|| format!("`%{letter}` needs a number"))
    };
    let whole = || -> Result<i64, String> {
        let number = number()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "Go's %d cuts the fraction as well"
        )]
        Ok(number.as_whole().unwrap_or(number.as_f64() as i64))
    };
    let cut = |text: &str| {
        verb.precision
            .map_or_else(|| text.to_owned(), |n| text.chars().take(n).collect())
    };
    Ok(match letter {
        's' => cut(&text()?),
        'q' => serde_json::Value::from(cut(&text()?)).to_string(),
        'v' if verb.is_alternate => encoding::to_json(value)?,
        'v' => match &value.kind {
            Kind::List(_) | Kind::Object(_) | Kind::Null => encoding::to_json(value)?,
            _ => text()?.to_string(),
        },
        't' => value.as_bool().ok_or("`%t` needs a boolean")?.to_string(),
        'd' => sign(whole()?.to_string(), verb),
        'b' => sign(based(whole()?, |n| format!("{n:b}")), verb),
        'o' => sign(based(whole()?, |n| format!("{n:o}")), verb),
        'x' if value.as_number().is_none() => text()?
            .bytes()
            .fold(String::new(), |hex, b| format!("{hex}{b:02x}")),
        'x' if verb.is_alternate => sign(based(whole()?, |n| format!("{n:#x}")), verb),
        'x' => sign(based(whole()?, |n| format!("{n:x}")), verb),
        'X' if verb.is_alternate => sign(based(whole()?, |n| format!("0X{n:X}")), verb),
        'X' => sign(based(whole()?, |n| format!("{n:X}")), verb),
        'f' | 'F' => sign(
            format!("{:.*}", verb.precision.unwrap_or(6), number()?.as_f64()),
            verb,
        ),
        'e' | 'E' => {
            let plain = format!("{:.*e}", verb.precision.unwrap_or(6), number()?.as_f64());
            let (digits, power) = plain.split_once('e').unwrap_or((&plain, "0"));
            let (minus, power) = power
                .strip_prefix('-')
                .map_or(("+", power), |power| ("-", power));
            let text = format!("{digits}e{minus}{power:0>2}");
            sign(
                if letter == 'E' {
                    text.to_uppercase()
                } else {
                    text
                },
                verb,
            )
        }
        'g' | 'G' => sign(Number::to_string(&number()?), verb),
        other => return Err(format!("there is no verb `%{other}`")),
    })
}

/// A whole number in another base: the minus stands before the digits, as in Go.
fn based(number: i64, digits: impl Fn(u64) -> String) -> String {
    let minus = if number < 0 { "-" } else { "" };
    format!("{minus}{}", digits(number.unsigned_abs()))
}

fn sign(text: String, verb: &Verb) -> String {
    match (text.starts_with('-'), verb.is_signed, verb.has_space) {
        (false, true, _) => format!("+{text}"),
        (false, false, true) => format!(" {text}"),
        _ => text,
    }
}

fn pad(text: String, letter: char, verb: &Verb) -> String {
    let missing = verb.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    let is_number = !matches!(letter, 's' | 'q' | 'v' | 't');
    if verb.is_left {
        text + &" ".repeat(missing)
    } else if verb.is_zero && is_number {
        let digits = text.find(|c: char| c.is_ascii_hexdigit()).unwrap_or(0);
        format!(
            "{}{}{}",
            &text[..digits],
            "0".repeat(missing),
            &text[digits..]
        )
    } else {
        " ".repeat(missing) + &text
    }
}
