//! Work that several threads do side by side.

/// Has so many threads do `work`, which shares out what there is to do by itself; gives what each of them
/// came to. All are waited for; the first error counts.
pub(crate) fn side_by_side<T: Send, E: Send>(
    count: usize,
    work: impl Fn() -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(&work)).collect();
        let results = threads.into_iter().map(|thread| {
            let result = thread.join();
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let results: Vec<Result<T, E>> = results.collect();
        results.into_iter().collect()
    })
}

/// As many threads as there are processors.
pub(crate) fn on_all_processors<T: Send, E: Send>(
    work: impl Fn() -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    side_by_side(count, work)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::side_by_side;

    #[test]
    fn all_are_waited_for_and_an_error_counts() {
        let (next, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |wrong: Option<usize>| {
            let at = next.fetch_add(1, Ordering::SeqCst);
            ended.fetch_add(1, Ordering::SeqCst);
            if wrong == Some(at) { Err(at) } else { Ok(at) }
        };
        let mut all = side_by_side(4, || work(None)).unwrap();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3]);
        assert_eq!(side_by_side(4, || work(Some(5))), Err(5));
        assert_eq!(ended.into_inner(), 8);
    }
}
