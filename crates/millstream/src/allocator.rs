//! The process's allocator: jemalloc, tuned so that what is resident follows what is used, and its figures.
//!
//! `background_thread` purges without a thread of ours; two arenas keep slack small on few cores; dirty pages go back
//! after a twentieth of a second (decay 0 costs a quarter more CPU) or when a stage that freed much says so, muzzy ones at once. C libraries allocate here too.
//!
//! Miri cannot run this module, since all that is unsafe in it is calls of C: its proofs are the comments.
#![expect(unsafe_code, reason = "the allocator is configured and asked through C symbols")]

use base::ByteCount;
use ledger::{AllocatorFigures, AllocatorStats};
use tikv_jemalloc_ctl::{epoch, stats};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A pointer to a C string, as jemalloc reads it.
#[repr(transparent)]
struct Config(*const std::ffi::c_char);

// SAFETY: it points to a constant that nobody writes.
unsafe impl Sync for Config {}

// SAFETY: `malloc_conf` is the symbol that jemalloc, built without prefix, reads once at start: a `const char *`, which
// the transparent wrapper is; no other crate defines it.
#[unsafe(export_name = "malloc_conf")]
static MALLOC_CONF: Config = Config(c"background_thread:true,narenas:2,dirty_decay_ms:50,muzzy_decay_ms:0".as_ptr());

/// `MALLCTL_ARENAS_ALL`: the index that means every arena.
const PURGE_ALL: &std::ffi::CStr = c"arena.4096.purge";

/// jemalloc, as the ledger asks it.
#[derive(Debug)]
pub(crate) struct Jemalloc;

impl AllocatorStats for Jemalloc {
    fn figures(&mut self) -> AllocatorFigures {
        // The figures are a snapshot that advancing the epoch renews.
        if epoch::advance().is_err() {
            tracing::debug!("the allocator's figures are old");
        }
        let read = |figure: tikv_jemalloc_ctl::Result<usize>| ByteCount::from(figure.unwrap_or(0));
        AllocatorFigures {
            allocated: read(stats::allocated::read()),
            active: read(stats::active::read()),
            resident: read(stats::resident::read()),
            metadata: read(stats::metadata::read()),
        }
    }

    fn purge(&mut self) {
        purge();
    }
}

/// Gives all free pages back to the kernel.
pub(crate) fn purge() {
    // SAFETY: the name is a C string, and this control neither reads nor writes, so every other pointer is null.
    let status = unsafe {
        tikv_jemalloc_sys::mallctl(
            PURGE_ALL.as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
        )
    };
    if status != 0 {
        tracing::debug!(status, "the allocator did not purge");
    }
}
