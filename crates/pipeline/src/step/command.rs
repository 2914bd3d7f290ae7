//! `step "command"`: a program on this computer. Lines `::output name=value` that it prints become
//! outputs for conditions of later steps.

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{Command, Step};
use serde_json::{Map, Value};

use crate::port::Hands;
use crate::stage::Subject;
use crate::unit::{Effects, Outcome, Scene, StageError};

/// What the line of an output begins with.
const OUTPUT: &str = "::output ";
/// Bytes of one output.
const LONGEST: usize = 4096;

pub(super) fn run(
    cx: &Cx,
    step: &Step,
    command: &Command,
    scene: &Scene<'_>,
    hands: &dyn Hands,
) -> Result<Outcome, StageError> {
    // Before the image is built there is none.
    let image = Subject::of(scene).ok().map(|(image, _)| image);
    let ran = hands.command(cx, &step.name, image.as_ref(), command, step.timeout)?;
    if ran.code != 0 {
        let tail = ran.lines.iter().rev().take(3).rev();
        let tail: Vec<&str> = tail.map(String::as_str).collect();
        return Err(StageError::new(
            Class::Test,
            format!("it ended with exit code {}: {}", ran.code, tail.join(" / ")),
        ));
    }
    let mut output = outputs(&ran.lines)?;
    output.insert("exit_code".to_owned(), ran.code.into());
    Ok(Outcome::Done(Effects {
        summary: "exit code 0".to_owned(),
        output: Value::Object(output),
        ..Effects::default()
    }))
}

fn outputs(lines: &[String]) -> Result<Map<String, Value>, StageError> {
    let mut output = Map::new();
    for said in lines.iter().filter_map(|line| line.strip_prefix(OUTPUT)) {
        let Some((name, value)) = said.split_once('=') else {
            return Err(StageError::new(
                Class::Config,
                format!("`{OUTPUT}{said}` has no `=`: write `{OUTPUT}name=value`"),
            ));
        };
        if value.len() > LONGEST {
            return Err(StageError::new(
                Class::Config,
                format!(
                    "the output `{name}` has {} bytes; {LONGEST} is the most",
                    value.len()
                ),
            ));
        }
        output.insert(name.trim().to_owned(), value.trim().into());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_outputs() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let found = outputs(&lines("hello\n::output size = 12 MiB\n::output a=b=c")).unwrap();
        assert_eq!(found["size"], "12 MiB");
        assert_eq!(found["a"], "b=c");
        assert_eq!(found.len(), 2);
        assert!(outputs(&lines("::output nothing")).is_err());
        assert!(outputs(&lines(&format!("::output a={}", "x".repeat(5000)))).is_err());
    }
}
