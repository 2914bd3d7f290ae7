//! HCL, parsed by `hcl-edit` and turned into our tree.

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span as Place};
use hcl_edit::Span;
use hcl_edit::expr::{BinaryOperator, Expression, ObjectKey, TraversalOperator, UnaryOperator};
use hcl_edit::structure::{self, Structure};
use hcl_edit::template::{self, Directive, Element, Strip};

use super::ast::{Attribute, Block, Body, Bytes, Expr, For, Kind, Name, Operator, Part, Step};
use crate::value::Number;

/// Converts what `hcl-edit` parsed. `shift` is added to every place: the text may be a piece of
/// the file.
struct Convert<'a> {
    file: &'a SourceFile,
    text: &'a str,
    shift: usize,
    problems: Vec<Diagnostic>,
}

/// A syntax error of a piece of text: what is wrong, and where in the piece.
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) offset: usize,
}

/// Parses a body that stands in `file` from byte `shift` on.
pub(super) fn body(
    file: &SourceFile,
    text: &str,
    shift: usize,
) -> Result<(Body, Vec<Diagnostic>), SyntaxError> {
    let parsed: structure::Body =
        hcl_edit::parser::parse_body(text).map_err(|e| syntax_error(text, &e))?;
    let mut convert = Convert {
        file,
        text,
        shift,
        problems: Vec::new(),
    };
    let body = convert.body(&parsed);
    Ok((body, convert.problems))
}

pub(super) fn expression(file: &SourceFile) -> Result<Expr, Diagnostic> {
    let text = file.text();
    let parsed = hcl_edit::parser::parse_expr(text)
        .map_err(|e| diagnostic(file, &syntax_error(text, &e), 0))?;
    finish(file, |convert| convert.expr(&parsed))
}

pub(super) fn template(file: &SourceFile) -> Result<Expr, Diagnostic> {
    let text = file.text();
    let parsed = hcl_edit::parser::parse_template(text)
        .map_err(|e| diagnostic(file, &syntax_error(text, &e), 0))?;
    finish(file, |convert| {
        let parts = convert.parts(&parsed);
        template_kind(parts, 0..text.len())
    })
}

fn finish(
    file: &SourceFile,
    work: impl FnOnce(&mut Convert<'_>) -> Expr,
) -> Result<Expr, Diagnostic> {
    let mut convert = Convert {
        file,
        text: file.text(),
        shift: 0,
        problems: Vec::new(),
    };
    let expr = work(&mut convert);
    convert.problems.into_iter().next().map_or(Ok(expr), Err)
}

fn syntax_error(text: &str, error: &hcl_edit::parser::Error) -> SyntaxError {
    let offset = error.location().offset().min(text.len());
    SyntaxError {
        message: error.message().to_owned(),
        offset,
    }
}

/// A syntax error as the user sees it; `shift` is where the piece begins.
pub(super) fn diagnostic(file: &SourceFile, error: &SyntaxError, shift: usize) -> Diagnostic {
    let offset = shift + error.offset;
    let end = file.text()[offset..]
        .chars()
        .next()
        .map_or(offset, |c| offset + c.len_utf8());
    // The parser says `unexpected ...; expected ...` in two parts; the second is the advice.
    let message = error.message.replace('\n', "; ");
    Diagnostic::error(
        "L0001",
        format!(
            "syntax error: {}",
            message.trim_end_matches(['.', ';', ' '])
        ),
    )
    .label(Place::new(file, offset..end), "here")
}

impl Convert<'_> {
    fn at(&self, node: &impl Span) -> Bytes {
        let at = node.span().unwrap_or(0..0);
        at.start + self.shift..at.end + self.shift
    }

    fn name(&self, text: &str, node: &impl Span) -> Name {
        Name {
            text: text.to_owned(),
            at: self.at(node),
        }
    }

    fn body(&mut self, body: &structure::Body) -> Body {
        let mut out = Body::default();
        for part in body {
            match part {
                Structure::Attribute(attribute) => {
                    let name = self.name(attribute.key.as_str(), &attribute.key);
                    let value = self.expr(&attribute.value);
                    out.attributes.push(Attribute { name, value });
                }
                Structure::Block(block) => {
                    let kind = self.name(block.ident.as_str(), &block.ident);
                    let labels: Vec<Name> = block
                        .labels
                        .iter()
                        .map(|l| self.name(l.as_str(), l))
                        .collect();
                    let end = labels.last().map_or(kind.at.end, |label| label.at.end);
                    let head = kind.at.start..end;
                    let body = self.body(&block.body);
                    out.blocks.push(Block {
                        kind,
                        labels,
                        body,
                        head,
                    });
                }
            }
        }
        out
    }

    fn expr(&mut self, expr: &Expression) -> Expr {
        let at = self.at(expr);
        let kind = match expr {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(value) => Kind::Bool(*value.value()),
            Expression::Number(value) => self.number(value.value(), &at),
            Expression::String(value) => Kind::String(value.value().clone()),
            Expression::Array(items) => {
                Kind::List(items.iter().map(|item| self.expr(item)).collect())
            }
            Expression::Object(items) => {
                let mut pairs = Vec::new();
                for (key, value) in items {
                    let key = match key {
                        ObjectKey::Ident(name) => {
                            Expr::new(Kind::String(name.as_str().to_owned()), self.at(name))
                        }
                        ObjectKey::Expression(key) => self.expr(key),
                    };
                    pairs.push((key, self.expr(value.expr())));
                }
                Kind::Object(pairs)
            }
            Expression::StringTemplate(parsed) => {
                let parts = parsed.iter().collect::<Vec<_>>();
                return template_kind(self.elements(&parts), at);
            }
            Expression::HeredocTemplate(parsed) => {
                let parts = self.parts(&parsed.template);
                return template_kind(dedent(parts, parsed.indent().unwrap_or(0)), at);
            }
            Expression::Parenthesis(inner) => {
                return Expr {
                    at,
                    ..self.expr(inner.inner())
                };
            }
            Expression::Variable(name) => Kind::Variable(name.as_str().to_owned()),
            Expression::Conditional(cond) => Kind::Conditional(Box::new([
                self.expr(&cond.cond_expr),
                self.expr(&cond.true_expr),
                self.expr(&cond.false_expr),
            ])),
            Expression::FuncCall(call) => {
                let mut name = self.name(call.name.name.as_str(), &call.name.name);
                for space in call.name.namespace.iter().rev() {
                    name.text = format!("{}::{}", space.as_str(), name.text);
                }
                let arguments = call
                    .args
                    .iter()
                    .map(|argument| self.expr(argument))
                    .collect();
                Kind::Call {
                    name,
                    arguments,
                    is_expanded: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => {
                let base = Box::new(self.expr(&traversal.expr));
                let steps = traversal
                    .operators
                    .iter()
                    .map(|step| self.step(step.value()))
                    .collect();
                Kind::Traverse(base, steps)
            }
            Expression::UnaryOp(op) => {
                let inner = Box::new(self.expr(&op.expr));
                match op.operator.value() {
                    UnaryOperator::Not => Kind::Not(inner),
                    UnaryOperator::Neg => Kind::Negate(inner),
                }
            }
            Expression::BinaryOp(op) => {
                let sides = Box::new([self.expr(&op.lhs_expr), self.expr(&op.rhs_expr)]);
                Kind::Binary(operator(*op.operator.value()), sides)
            }
            Expression::ForExpr(parsed) => Kind::For(Box::new(For {
                key_name: parsed
                    .intro
                    .key_var
                    .as_ref()
                    .map(|name| name.as_str().to_owned()),
                value_name: parsed.intro.value_var.as_str().to_owned(),
                collection: self.expr(&parsed.intro.collection_expr),
                key: parsed.key_expr.as_ref().map(|key| self.expr(key)),
                value: self.expr(&parsed.value_expr),
                is_grouped: parsed.grouping,
                condition: parsed.cond.as_ref().map(|cond| self.expr(&cond.expr)),
            })),
        };
        Expr::new(kind, at)
    }

    /// A number keeps all its digits, or is refused.
    fn number(&mut self, number: &hcl_edit::Number, at: &Bytes) -> Kind {
        let written = self
            .text
            .get(at.start - self.shift..at.end - self.shift)
            .unwrap_or_default();
        let parsed = if written.is_empty() {
            number.as_f64().and_then(Number::from_f64)
        } else {
            Number::parse(written)
        };
        Kind::Number(parsed.unwrap_or_else(|| {
            let problem = Diagnostic::error("L0005", "this number is too large").label(
                Place::new(self.file, at.clone()),
                "whole numbers go up to 2^63, others up to 1.8e308",
            );
            self.problems.push(problem);
            Number::Whole(0)
        }))
    }

    fn step(&mut self, step: &TraversalOperator) -> Step {
        match step {
            TraversalOperator::AttrSplat(splat) => Step::AttributeSplat(self.at(splat)),
            TraversalOperator::FullSplat(splat) => Step::Splat(self.at(splat)),
            TraversalOperator::GetAttr(name) => Step::Attribute(self.name(name.as_str(), name)),
            TraversalOperator::Index(index) => Step::Index(self.expr(index)),
            TraversalOperator::LegacyIndex(index) => {
                let number = Number::Whole(i64::try_from(*index.value()).unwrap_or(i64::MAX));
                Step::Index(Expr::new(Kind::Number(number), self.at(index)))
            }
        }
    }

    fn parts(&mut self, template: &template::Template) -> Vec<Part> {
        let elements = template.iter().collect::<Vec<_>>();
        self.elements(&elements)
    }

    /// Converts the elements of a template, taking away the spaces that `~` asks for.
    fn elements(&mut self, elements: &[&Element]) -> Vec<Part> {
        let mut parts = Vec::new();
        for (n, element) in elements.iter().enumerate() {
            let part = match element {
                Element::Literal(text) => {
                    let mut text = text.value().as_str();
                    if n.checked_sub(1)
                        .is_some_and(|before| strips(elements[before]).1)
                    {
                        text = text.trim_start();
                    }
                    if elements.get(n + 1).is_some_and(|after| strips(after).0) {
                        text = text.trim_end();
                    }
                    Part::Literal(text.to_owned())
                }
                Element::Interpolation(inner) => Part::Value(self.expr(&inner.expr)),
                Element::Directive(directive) => self.directive(directive),
            };
            parts.push(part);
        }
        parts
    }

    fn directive(&mut self, directive: &Directive) -> Part {
        match directive {
            Directive::If(parsed) => {
                let open = parsed.if_expr.strip;
                let close = parsed.endif_expr.strip;
                let middle = parsed.else_expr.as_ref().map(|e| e.strip);
                let then = self.parts(&parsed.if_expr.template);
                let otherwise = parsed
                    .else_expr
                    .as_ref()
                    .map_or_else(Vec::new, |e| self.parts(&e.template));
                Part::If {
                    condition: self.expr(&parsed.if_expr.cond_expr),
                    then: trim(
                        then,
                        strip_end(open),
                        middle.map_or_else(|| strip_start(close), strip_start),
                    ),
                    otherwise: trim(otherwise, middle.is_some_and(strip_end), strip_start(close)),
                }
            }
            Directive::For(parsed) => {
                let body = self.parts(&parsed.for_expr.template);
                Part::For {
                    key_name: parsed
                        .for_expr
                        .key_var
                        .as_ref()
                        .map(|name| name.as_str().to_owned()),
                    value_name: parsed.for_expr.value_var.as_str().to_owned(),
                    collection: self.expr(&parsed.for_expr.collection_expr),
                    body: trim(
                        body,
                        strip_end(parsed.for_expr.strip),
                        strip_start(parsed.endfor_expr.strip),
                    ),
                }
            }
        }
    }
}

fn strip_start(strip: Strip) -> bool {
    matches!(strip, Strip::Start | Strip::Both)
}

fn strip_end(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}

/// Whether an element takes the spaces before and after it.
fn strips(element: &Element) -> (bool, bool) {
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(inner) => (strip_start(inner.strip), strip_end(inner.strip)),
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(d) => (strip_start(d.if_expr.strip), strip_end(d.endif_expr.strip)),
            Directive::For(d) => (
                strip_start(d.for_expr.strip),
                strip_end(d.endfor_expr.strip),
            ),
        },
    }
}

/// Trims the outer ends of the parts inside a directive.
fn trim(mut parts: Vec<Part>, start: bool, end: bool) -> Vec<Part> {
    if start && let Some(Part::Literal(text)) = parts.first_mut() {
        *text = text.trim_start().to_owned();
    }
    if end && let Some(Part::Literal(text)) = parts.last_mut() {
        *text = text.trim_end().to_owned();
    }
    parts
}

/// A template of one literal is a string; one of a single value is that value, whatever its type.
fn template_kind(mut parts: Vec<Part>, at: Bytes) -> Expr {
    let kind = match parts.as_slice() {
        [] => Kind::String(String::new()),
        [Part::Literal(text)] => Kind::String(text.clone()),
        [Part::Value(_)] => {
            let Some(Part::Value(value)) = parts.pop() else {
                unreachable!("matched above")
            };
            return value;
        }
        _ => Kind::Template(parts),
    };
    Expr::new(kind, at)
}

/// Takes the indentation of a `<<-` heredoc from the lines inside its directives: the parser has
/// taken it from the others.
fn dedent(mut parts: Vec<Part>, indent: usize) -> Vec<Part> {
    let mut is_line_start = true;
    for part in &mut parts {
        match part {
            Part::Literal(text) => {
                is_line_start = text.ends_with('\n') || (is_line_start && text.is_empty());
            }
            Part::Value(_) => is_line_start = false,
            inner => cut(std::slice::from_mut(inner), &mut is_line_start, indent),
        }
    }
    parts
}

fn cut(parts: &mut [Part], is_line_start: &mut bool, least: usize) {
    for part in parts {
        match part {
            Part::Literal(text) => {
                let mut out = String::new();
                for line in text.split_inclusive('\n') {
                    let spaces = line.len() - line.trim_start_matches([' ', '\t']).len();
                    out.push_str(if *is_line_start {
                        &line[spaces.min(least)..]
                    } else {
                        line
                    });
                    *is_line_start = line.ends_with('\n');
                }
                *text = out;
            }
            Part::Value(_) => *is_line_start = false,
            Part::If {
                then, otherwise, ..
            } => {
                cut(then, is_line_start, least);
                cut(otherwise, is_line_start, least);
            }
            Part::For { body, .. } => cut(body, is_line_start, least),
        }
    }
}

fn operator(operator: BinaryOperator) -> Operator {
    match operator {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::LessEq => Operator::LessOrEqual,
        BinaryOperator::GreaterEq => Operator::GreaterOrEqual,
        BinaryOperator::Less => Operator::Less,
        BinaryOperator::Greater => Operator::Greater,
        BinaryOperator::Plus => Operator::Add,
        BinaryOperator::Minus => Operator::Subtract,
        BinaryOperator::Mul => Operator::Multiply,
        BinaryOperator::Div => Operator::Divide,
        BinaryOperator::Mod => Operator::Remainder,
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
    }
}
