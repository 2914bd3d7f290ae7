//! Templates: text with values, conditions and loops in it.

use super::{Env, Evaluated, Evaluator, Reported, TEXT_MAX, Variable, with_article};
use crate::syntax::ast::{Bytes, Part};
use crate::value::Value;

/// A template under way.
#[derive(Default)]
struct Text {
    text: String,
    is_sensitive: bool,
    is_unknown: bool,
}

impl Evaluator<'_> {
    pub(super) fn template(&self, parts: &[Part], env: &Env<'_>, at: &Bytes) -> Evaluated {
        let mut out = Text::default();
        self.parts(parts, env, at, &mut out)?;
        let value = if out.is_unknown {
            Value::UNKNOWN
        } else {
            out.text.into()
        };
        Ok(value.mark(out.is_sensitive))
    }

    fn parts(
        &self,
        parts: &[Part],
        env: &Env<'_>,
        at: &Bytes,
        out: &mut Text,
    ) -> Result<(), Reported> {
        let mut result = Ok(());
        for part in parts {
            if self.part(part, env, at, out).is_err() {
                result = Err(Reported);
            }
        }
        result
    }

    fn part(&self, part: &Part, env: &Env<'_>, at: &Bytes, out: &mut Text) -> Result<(), Reported> {
        match part {
            Part::Literal(text) => self.append(text, env, at, out),
            Part::Value(expr) => {
                let value = self.eval(expr, env)?;
                out.is_sensitive |= value.is_sensitive;
                if value.is_unknown() {
                    out.is_unknown = true;
                    return Ok(());
                }
                let text = value.as_text().ok_or_else(|| {
                    let message = format!("{} cannot be put into text", with_article(&value));
                    self.wrong(
                        "L0017",
                        message,
                        env,
                        &expr.at,
                        "only text, numbers and booleans; `jsonencode()` writes the rest",
                    )
                })?;
                self.append(&text, env, at, out)
            }
            Part::If {
                condition,
                then,
                otherwise,
            } => {
                let value = self.eval(condition, env)?;
                out.is_sensitive |= value.is_sensitive;
                match self.condition(&value, env, &condition.at)? {
                    None => {
                        out.is_unknown = true;
                        Ok(())
                    }
                    Some(true) => self.parts(then, env, at, out),
                    Some(false) => self.parts(otherwise, env, at, out),
                }
            }
            Part::For {
                key_name,
                value_name,
                collection,
                body,
            } => {
                let value = self.eval(collection, env)?;
                out.is_sensitive |= value.is_sensitive;
                let Some(pairs) = self.pairs(&value, env, &collection.at)? else {
                    out.is_unknown = true;
                    return Ok(());
                };
                for (key, value) in pairs {
                    let outer = Variable {
                        name: key_name.as_deref().unwrap_or_default(),
                        value: key,
                        outer: env.variables,
                    };
                    let inner = Variable {
                        name: value_name,
                        value,
                        outer: Some(&outer),
                    };
                    self.parts(
                        body,
                        &Env {
                            file: env.file,
                            variables: Some(&inner),
                        },
                        at,
                        out,
                    )?;
                }
                Ok(())
            }
        }
    }

    fn append(
        &self,
        text: &str,
        env: &Env<'_>,
        at: &Bytes,
        out: &mut Text,
    ) -> Result<(), Reported> {
        self.step(env, at)?;
        self.make(text.len(), env, at)?;
        if out.text.len() + text.len() > TEXT_MAX {
            return Err(self.wrong(
                "L0022",
                format!("the text grows over {TEXT_MAX} bytes"),
                env,
                at,
                "here",
            ));
        }
        out.text.push_str(text);
        Ok(())
    }
}
