//! What was read last, kept for when it is asked for again.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Values by their place, the longest unused of which go first.
#[derive(Debug)]
pub(super) struct Cache<T> {
    room: usize,
    used: usize,
    clock: u64,
    values: BTreeMap<u64, (u64, usize, Arc<T>)>,
}

impl<T> Cache<T> {
    /// For values that weigh `room` together; one is always kept.
    pub(super) fn new(room: usize) -> Self {
        Self {
            room,
            used: 0,
            clock: 0,
            values: BTreeMap::new(),
        }
    }

    /// The value at a place: kept, or read now.
    pub(super) fn get(
        &mut self,
        place: u64,
        weight: usize,
        read: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<Arc<T>> {
        self.clock += 1;
        if let Some((used, _, value)) = self.values.get_mut(&place) {
            *used = self.clock;
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(read()?);
        while self.used + weight > self.room {
            let oldest = self.values.iter().min_by_key(|(_, (used, ..))| *used);
            let Some(oldest) = oldest.map(|(place, _)| *place) else {
                break;
            };
            let gone = self.values.remove(&oldest);
            self.used -= gone.map_or(0, |(_, weight, _)| weight);
        }
        self.used += weight;
        let kept = (self.clock, weight, Arc::clone(&value));
        self.values.insert(place, kept);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_go() {
        let mut cache = Cache::new(3);
        let mut reads = 0;
        let mut get = |place: u64| {
            let value = cache.get(place, 1, || {
                reads += 1;
                Ok(place * 10)
            });
            assert_eq!(*value.unwrap(), place * 10);
            reads
        };
        for (place, reads) in [
            (1, 1),
            (2, 2),
            (3, 3),
            (1, 3),
            (4, 4),
            (1, 4),
            (2, 5),
            (3, 6),
        ] {
            assert_eq!(get(place), reads, "{place}");
        }
        assert!(cache.get(9, 9, || Ok(0)).is_ok(), "larger than the room");
        assert!(
            cache
                .get(8, 1, || Err(io::ErrorKind::Other.into()))
                .is_err()
        );
    }
}
