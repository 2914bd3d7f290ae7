//! A catalog that keeps messages only: what the tests of the outbox need of one, with a fault.

use std::sync::Mutex;

use goldsmith_core::catalog::{
    AuditRow, Batch, Catalog, CatalogError, ChannelRow, CopyRow, Delivery, Entry, ImageFilter,
    ImageRow, MessageRow, NewMessage, NewRun, RunId, RunRow, Seq, StatementRow,
};
use goldsmith_core::image::ImageId;

#[derive(Debug, Default)]
struct Kept {
    waiting: Vec<MessageRow>,
    given_up: usize,
    count: u64,
    is_failing: bool,
}

/// Messages in memory.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<Kept>);

impl Shelf {
    pub(super) fn add(&self, unix: i64, message: NewMessage) {
        let mut kept = self.0.lock().unwrap();
        kept.count += 1;
        let id = kept.count;
        kept.waiting.push(MessageRow {
            id,
            message,
            unix,
            tries: 0,
            next_unix: unix,
            error: String::new(),
        });
    }

    /// One that is not delivered yet.
    pub(super) fn row(&self, id: u64) -> MessageRow {
        let kept = self.0.lock().unwrap();
        let found = kept.waiting.iter().find(|row| row.id == id);
        found.unwrap().clone()
    }

    pub(super) fn given_up(&self) -> usize {
        self.0.lock().unwrap().given_up
    }

    /// The next delivery is not written down.
    pub(super) fn fail_next(&self) {
        self.0.lock().unwrap().is_failing = true;
    }
}

impl Catalog for Shelf {
    fn messages(&self, unix: i64, limit: usize) -> Result<Vec<MessageRow>, CatalogError> {
        let kept = self.0.lock().unwrap();
        let due = kept.waiting.iter().filter(|row| row.next_unix <= unix);
        Ok(due.take(limit).cloned().collect())
    }

    fn delivered(&self, message: u64, how: &Delivery) -> Result<(), CatalogError> {
        let mut kept = self.0.lock().unwrap();
        if std::mem::take(&mut kept.is_failing) {
            return Err(CatalogError::Damaged {
                detail: "on purpose".to_owned(),
            });
        }
        let at = kept.waiting.iter().position(|row| row.id == message);
        let at = at.unwrap();
        match how {
            Delivery::Later { next_unix, error } => {
                let row = &mut kept.waiting[at];
                row.tries += 1;
                row.next_unix = *next_unix;
                row.error.clone_from(error);
            }
            Delivery::Done => drop(kept.waiting.remove(at)),
            Delivery::GivenUp { .. } => {
                kept.waiting.remove(at);
                kept.given_up += 1;
            }
        }
        Ok(())
    }

    fn begin_run(&self, _: &NewRun) -> Result<RunId, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn keep(&self, _: &Batch) -> Result<Seq, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn journal(&self, _: RunId) -> Result<Vec<Entry>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn run(&self, _: RunId) -> Result<RunRow, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn runs(&self, _: Option<&str>, _: usize) -> Result<Vec<RunRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn open_runs(&self) -> Result<Vec<RunRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn image(&self, _: &ImageId) -> Result<ImageRow, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn images(
        &self,
        _: &ImageFilter,
        _: Option<&ImageId>,
        _: usize,
    ) -> Result<Vec<ImageRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn copies(&self, _: &ImageId) -> Result<Vec<CopyRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn is_name_taken(&self, _: &str, _: &ImageId) -> Result<bool, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn statements(&self, _: &ImageId) -> Result<Vec<StatementRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn channel(&self, _: &str, _: &str) -> Result<Option<ImageId>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn channel_history(&self, _: &str, _: Option<&str>) -> Result<Vec<ChannelRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
    fn audit(&self, _: Option<&str>, _: u64, _: usize) -> Result<Vec<AuditRow>, CatalogError> {
        unreachable!("only messages are kept here")
    }
}
