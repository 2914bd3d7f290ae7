//! What a pipeline's own steps ask for.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Event;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{Command, Webhook};
use goldsmith_exec::child::{Program, Status};
use goldsmith_pipeline::port::{Answer, Hands, Ran};
use goldsmith_pipeline::unit::StageError;
use serde_json::Value;

use super::{find, stage_error};
use crate::app::App;
use crate::catalog::typed;
use crate::wiring;

/// Does what a pipeline's own steps ask for, from this computer.
pub(crate) struct LocalHands<'a> {
    pub(crate) app: &'a App,
}

/// Lines of a command that are kept.
const LINES: usize = 10_000;

impl Hands for LocalHands<'_> {
    fn command(
        &self,
        cx: &Cx,
        step: &str,
        image: Option<&ImageId>,
        command: &Command,
        timeout: Duration,
    ) -> Result<Ran, StageError> {
        let words: Vec<&str> = command
            .words
            .iter()
            .map(|word| word.value.as_str())
            .collect();
        let Some((program, arguments)) = words.split_first() else {
            return Err(StageError::new(
                Class::Config,
                "it has no program".to_owned(),
            ));
        };
        let mut run = if program.contains('/') {
            Program::new(self.app.directory.join(program))
        } else {
            Program::new(program)
        };
        if let Some(id) = image {
            let image = find(self.app, id).map_err(stage_error)?;
            run = run.env("GOLDSMITH_IMAGE", typed(id));
            run = match &image.record.cloud {
                None => run.env("GOLDSMITH_DISK", image.path("disk.raw")),
                Some(there) => run
                    .env("GOLDSMITH_AMI", &there.id)
                    .env("GOLDSMITH_REGION", &there.region),
            };
        }
        for (name, value) in &command.environment {
            run = run.env(name, &value.value);
        }
        let run = run
            .args(arguments)
            .cwd(&self.app.directory)
            .timeout(timeout);
        let mut lines = Vec::new();
        let ended = run.run(cx, &mut |stream, line| {
            let text = cx.redactor.redact(line);
            if lines.len() < LINES {
                lines.push(text.clone());
            }
            cx.emit(Event::Output {
                source: step.to_owned(),
                stream,
                text,
            });
        });
        let exit = ended.map_err(|error| StageError::of(&error))?;
        Ok(Ran {
            code: match exit.status {
                Status::Code(code) => code,
                Status::Signal(signal) => 128 + signal,
            },
            lines,
        })
    }

    fn webhook(
        &self,
        cx: &Cx,
        id: &str,
        webhook: &Webhook,
        body: &Value,
        timeout: Duration,
    ) -> Result<Answer, StageError> {
        let hook = wiring::webhook(self.app, webhook, timeout);
        let (code, body) = hook
            .ask(cx, id, &body.to_string())
            .map_err(|error| StageError::of(&error))?;
        Ok(Answer { code, body })
    }
}
