//! A body on its way out, which says how much of it has been taken: that a large one takes
//! long is no sign that nothing moves.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Bytes handed on at once.
const CHUNK: usize = 256 << 10;

/// Bytes that are counted as they go.
#[derive(Debug)]
pub(crate) struct Upload {
    left: Bytes,
    moved: Arc<AtomicU64>,
}

impl Upload {
    /// A body of `bytes`; `moved` grows as they go.
    pub(crate) fn new(bytes: Bytes, moved: Arc<AtomicU64>) -> Self {
        Self { left: bytes, moved }
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(CHUNK);
        let chunk = self.left.split_to(length);
        self.moved.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
