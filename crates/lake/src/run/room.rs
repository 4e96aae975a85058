//! What the sorters of a job (of one catalog) hold together: so that their peak is that of the job, not the sum of what
//! each might take, and does not wait for the moment in which all are full at once.
//!
//! Each may hold half of the room. Where together they hold more than all of it, the next one that holds its part of the
//! other half spills; one that holds less goes on, since a run of it would not be worth its file. So the sorters that are
//! fed stay within the room beside one that is not; where several rest with much, they come on top until they are fed or
//! asked. Preparing a commit counts as half of the room, too: it takes about what its sorter gave back, while the others go
//! on, and asks for what is beyond the room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use base::ByteCount;

/// No run is shorter for the sake of the others.
const SPILL_BYTES_MIN: ByteCount = ByteCount::mib(1);

/// Shared by the sorters of a job. Cheap to clone; all clones are the same room. It limits, the ledger pays.
#[derive(Clone, Debug)]
pub struct SortRoom(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes_max: u64,
    sorters: AtomicUsize,
    held: AtomicU64,
}

impl SortRoom {
    pub fn new(bytes_max: ByteCount) -> Self {
        Self(Arc::new(Inner { bytes_max: bytes_max.0, sorters: AtomicUsize::new(0), held: AtomicU64::new(0) }))
    }

    /// For a sorter that shares with nobody.
    pub fn unlimited() -> Self {
        Self::new(ByteCount(u64::MAX))
    }

    /// A place for one more sorter, until it drops.
    pub fn enter(&self) -> Place {
        self.0.sorters.fetch_add(1, Ordering::Relaxed);
        Place(self.clone())
    }

    /// Everything that is held by the room's sorters.
    pub fn held(&self) -> ByteCount {
        ByteCount(self.0.held.load(Ordering::Relaxed))
    }

    /// What is held beyond the room.
    pub fn excess(&self) -> ByteCount {
        self.held().saturating_sub(ByteCount(self.0.bytes_max))
    }
}

/// A sorter's place in a [`SortRoom`].
#[derive(Debug)]
pub struct Place(SortRoom);

impl Place {
    /// Whether a sorter that holds `own` has to spill.
    pub fn is_full_for(&self, own: ByteCount) -> bool {
        let Inner { bytes_max, sorters, held } = &*self.0.0;
        let others = sorters.load(Ordering::Relaxed).saturating_sub(1).max(1) as u64;
        let part = (bytes_max / 2 / others).max(SPILL_BYTES_MIN.0);
        own.0 > bytes_max / 2 || (held.load(Ordering::Relaxed) > *bytes_max && own.0 >= part)
    }

    /// Counts what is held from now on: nothing yet.
    pub fn count(&self) -> Counted {
        Counted { room: self.0.clone(), bytes: 0 }
    }

    /// The half that preparing takes.
    pub fn for_preparing(&self) -> Counted {
        let mut held = self.count();
        held.set(ByteCount(self.0.0.bytes_max / 2));
        held
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.sorters.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is held, as the room knows it, until it drops.
#[derive(Debug)]
pub struct Counted {
    room: SortRoom,
    bytes: u64,
}

impl Counted {
    pub fn set(&mut self, bytes: ByteCount) {
        let held = &self.room.0.held;
        held.fetch_add(bytes.0.wrapping_sub(self.bytes), Ordering::Relaxed);
        self.bytes = bytes.0;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.set(ByteCount::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Sorters of one room that are pushed to in turn and spill when they have to; the first gets nothing more after some
    /// steps. What they held at most together, and the shortest run.
    fn peak_of(sorters: usize, room: ByteCount, steps: usize, idle_after: usize) -> (ByteCount, ByteCount) {
        let room = SortRoom::new(room);
        let places: Vec<Place> = (0..sorters).map(|_| room.enter()).collect();
        let mut held: Vec<(Counted, u64)> = places.iter().map(|place| (place.count(), 0)).collect();
        let (mut peak, mut shortest_run) = (0, u64::MAX);
        for step in 0..steps {
            for (index, (counted, bytes)) in held.iter_mut().enumerate() {
                if index == 0 && step >= idle_after {
                    continue;
                }
                if places[index].is_full_for(ByteCount(*bytes)) {
                    shortest_run = shortest_run.min(*bytes);
                    *bytes = 0;
                }
                *bytes += MIB / 8;
                counted.set(ByteCount(*bytes));
            }
            peak = peak.max(room.held().0);
        }
        (ByteCount(peak), ByteCount(shortest_run))
    }

    #[test]
    fn together_they_hold_no_more_than_the_room_and_a_step_each() {
        for sorters in [1, 2, 3, 5, 8] {
            for idle_after in [usize::MAX, 40, 60] {
                let (peak, shortest) = peak_of(sorters, ByteCount::mib(16), 1_000, idle_after);
                let most = ByteCount(16 * MIB + sorters as u64 * MIB / 8);
                assert!(peak <= most, "{sorters} sorters, idle after {idle_after}: {peak}");
                assert!(
                    shortest >= ByteCount::mib(1),
                    "{sorters} sorters, idle after {idle_after}: a run of {shortest}"
                );
            }
        }
    }

    #[test]
    fn one_alone_has_half_of_the_room() {
        let (peak, shortest) = peak_of(1, ByteCount::mib(16), 1_000, usize::MAX);
        assert!(peak > ByteCount::mib(8) && peak <= ByteCount(8 * MIB + MIB / 4), "{peak}");
        assert_eq!(peak, shortest);
    }

    #[test]
    fn while_one_prepares_the_others_have_half_of_the_room() {
        let room = SortRoom::new(ByteCount::mib(16));
        let (one, other) = (room.enter(), room.enter());
        let mut held = one.count();
        held.set(ByteCount::mib(8));
        assert!(!one.is_full_for(ByteCount::mib(8)));
        let preparing = other.for_preparing();
        assert_eq!((room.held(), room.excess()), (ByteCount::mib(16), ByteCount::ZERO));
        held.set(ByteCount::mib(8) + ByteCount(1));
        assert_eq!(room.excess(), ByteCount(1));
        assert!(one.is_full_for(ByteCount::mib(8)));
        drop(preparing);
        assert!(!one.is_full_for(ByteCount::mib(8)));
    }

    #[test]
    fn what_drops_is_no_longer_held() {
        let room = SortRoom::new(ByteCount::mib(1));
        let place = room.enter();
        let (mut one, mut other) = (place.count(), place.count());
        one.set(ByteCount(700));
        other.set(ByteCount(300));
        one.set(ByteCount(100));
        assert_eq!(room.held(), ByteCount(400));
        drop(one);
        assert_eq!(room.held(), ByteCount(300));
        drop((other, place));
        assert_eq!(room.held(), ByteCount::ZERO);
    }
}
