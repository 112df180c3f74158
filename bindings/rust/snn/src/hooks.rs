//! What libsnn calls: closures of the session, the host's log and its job system. No panic crosses into C; the first one goes
//! on where the call that caused it returns.

use std::alloc::{GlobalAlloc, Layout};
use std::any::Any;
use std::cell::{RefCell, UnsafeCell};
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use crate::error::borrowed_slice;
use crate::vulkan::{QueueLock, Submit};
use crate::{sys, LogLevel, SessionView};

/// Spikes of one population and sample in the step that has just been computed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Spikes<'a> {
    pub population: u32,
    pub sample: u32,
    /// 0: the first.
    pub step: u64,
    /// Ascending.
    pub neurons: &'a [u32],
}

/// An update of the weights of one projection.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct WeightUpdate {
    pub projection: u32,
    /// 1: the first.
    pub update: u64,
    /// L2, before clipping.
    pub gradient_norm: f64,
}

/// An epoch of training.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Epoch {
    /// 1: the first.
    pub epoch: u64,
    pub sample_count: u64,
    pub correct_count: u64,
    pub mean_loss: f64,
}

impl Epoch {
    pub(crate) fn from_raw(raw: &sys::SNNEpoch) -> Self {
        Epoch {
            epoch: raw.epoch,
            sample_count: raw.sample_count,
            correct_count: raw.correct_count,
            mean_loss: raw.mean_loss,
        }
    }
}

/// The host's own job system, used instead of the session's threads.
pub trait JobSystem: Send + Sync {
    /// How many tasks can run at once, 1 to 1024.
    fn worker_count(&self) -> u32;

    /// Calls `task(i)` once for every `i` in `0..count`, on any threads in any order, and returns when all are done.
    ///
    /// What it leaves out is done on the calling thread afterwards, and a task that is called twice runs once.
    fn parallel_for(&self, count: u32, task: &(dyn Fn(u32) + Sync));
}

type SpikeFunction = Box<dyn FnMut(&SessionView<'_>, &Spikes<'_>) + Send>;
type WeightFunction = Box<dyn FnMut(&WeightUpdate) + Send>;
type EpochFunction = Box<dyn FnMut(&Epoch) + Send>;
pub(crate) type Allocator = Arc<dyn GlobalAlloc + Send + Sync>;
pub(crate) type LogFunction = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// At a fixed address, because C holds a pointer to it. C calls on the thread that calls into the session, and a callback that
/// reads from the session may make C call another one inside the first: so all of them share this, and change it by field.
#[derive(Default)]
pub(crate) struct Hooks {
    pub spikes: RefCell<Option<SpikeFunction>>,
    pub weights: RefCell<Option<WeightFunction>>,
    pub epoch: RefCell<Option<EpochFunction>>,
    pub log: Option<LogFunction>,
    pub jobs: Option<Jobs>,
    pub allocator: Option<Allocator>,
    pub queue_lock: Option<Arc<dyn QueueLock>>,
    pub submit: Option<Submit>,
    pub panic: RefCell<Option<Box<dyn Any + Send>>>,
}

impl Hooks {
    /// Lets a panic of a callback go on.
    pub(crate) fn resume(&self) {
        let panic = self.panic.take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    fn panicked(&self) -> bool {
        self.panic.borrow().is_some()
    }

    fn keep_panic(&self, function: impl FnOnce(&Self)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| function(self))) {
            self.panic.borrow_mut().get_or_insert(panic);
        }
    }
}

pub(crate) struct Jobs {
    pub system: Arc<dyn JobSystem>,
    /// Which tasks of the present parallel_for have begun. Kept, so that a step does not allocate; one call at a time.
    begun: UnsafeCell<Vec<AtomicBool>>,
}

impl Jobs {
    pub(crate) fn new(system: Arc<dyn JobSystem>) -> Self {
        Jobs { system, begun: UnsafeCell::new(Vec::new()) }
    }
}

/// A task of C with its context, which any thread may call.
struct Task {
    function: unsafe extern "C" fn(*mut c_void, u32),
    context: *mut c_void,
}
unsafe impl Sync for Task {}

impl Task {
    fn run(&self, begun: &[AtomicBool], index: u32) {
        let first = begun.get(index as usize).map_or(false, |one| !one.swap(true, Ordering::Relaxed));
        if first {
            unsafe { (self.function)(self.context, index) }
        }
    }
}

pub(crate) unsafe extern "C" fn parallel_for(
    user: *mut c_void,
    count: u32,
    task: sys::SNNJobSystem_parallel_for_task,
    context: *mut c_void,
) {
    let hooks = &*user.cast::<Hooks>();
    let function = match task {
        Some(function) => function,
        None => return,
    };
    let task = Task { function, context };
    hooks.keep_panic(|hooks| {
        let jobs = match &hooks.jobs {
            Some(jobs) => jobs,
            None => return,
        };
        let flags = &mut *jobs.begun.get();
        flags.clear();
        flags.resize_with(count as usize, AtomicBool::default);
        let flags: &[AtomicBool] = flags;
        let result = catch_unwind(AssertUnwindSafe(|| jobs.system.parallel_for(count, &|index| task.run(flags, index))));
        // The borrow of `task` ended with the call, so nothing runs any more: what has not begun is done here.
        for index in 0..count {
            task.run(flags, index);
        }
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    });
}

pub(crate) unsafe extern "C" fn on_log(level: i32, message: *const c_char, user: *mut c_void) {
    let hooks = &*user.cast::<Hooks>();
    hooks.keep_panic(|hooks| {
        if let (Some(function), Some(level)) = (&hooks.log, LogLevel::from_raw(level)) {
            function(level, &CStr::from_ptr(message).to_string_lossy());
        }
    });
}

pub(crate) unsafe extern "C" fn on_spikes(handle: sys::SNNHandle, spikes: *const sys::SNNSpikes, user: *mut c_void) {
    let hooks = &*user.cast::<Hooks>();
    let raw = &*spikes;
    hooks.keep_panic(|hooks| {
        if let (Some(function), false) = (&mut *hooks.spikes.borrow_mut(), hooks.panicked()) {
            let spikes = Spikes {
                population: raw.population,
                sample: raw.sample,
                step: raw.step,
                neurons: borrowed_slice(raw.neurons, raw.count as usize),
            };
            function(&SessionView::new(handle), &spikes);
        }
    });
}

pub(crate) unsafe extern "C" fn on_weights(_: sys::SNNHandle, update: *const sys::SNNWeightUpdate, user: *mut c_void) {
    let hooks = &*user.cast::<Hooks>();
    let raw = &*update;
    hooks.keep_panic(|hooks| {
        if let (Some(function), false) = (&mut *hooks.weights.borrow_mut(), hooks.panicked()) {
            function(&WeightUpdate {
                projection: raw.projection,
                update: raw.update,
                gradient_norm: raw.gradient_norm,
            });
        }
    });
}

pub(crate) unsafe extern "C" fn on_epoch(_: sys::SNNHandle, epoch: *const sys::SNNEpoch, user: *mut c_void) {
    let hooks = &*user.cast::<Hooks>();
    let epoch = Epoch::from_raw(&*epoch);
    hooks.keep_panic(|hooks| {
        if let (Some(function), false) = (&mut *hooks.epoch.borrow_mut(), hooks.panicked()) {
            function(&epoch);
        }
    });
}

/// A session on several devices calls from a thread of libsnn, so nothing of the hooks is changed here. A lock that failed must not
/// let C submit: the program ends.
unsafe fn with_queue_lock(user: *mut c_void, function: impl FnOnce(&dyn QueueLock)) {
    let hooks = &*user.cast::<Hooks>();
    if let Some(lock) = &hooks.queue_lock {
        if catch_unwind(AssertUnwindSafe(|| function(&**lock))).is_err() {
            std::process::abort();
        }
    }
}

pub(crate) unsafe extern "C" fn lock_queue(user: *mut c_void) {
    with_queue_lock(user, |lock| lock.lock());
}

pub(crate) unsafe extern "C" fn unlock_queue(user: *mut c_void) {
    with_queue_lock(user, |lock| lock.unlock());
}

pub(crate) unsafe extern "C" fn submit(user: *mut c_void, submit_info: *const c_void, fence: u64) -> i32 {
    let hooks = &*user.cast::<Hooks>();
    let call = || hooks.submit.as_ref().map_or(-13, |submit| submit(submit_info, fence)); // VK_ERROR_UNKNOWN
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| std::process::abort())
}

/// Room before each block for the alignment that C does not give back; as large as the alignment itself.
fn head_bytes(alignment: usize) -> usize {
    alignment.max(2 * std::mem::size_of::<usize>())
}

pub(crate) unsafe extern "C" fn allocate(user: *mut c_void, size_bytes: usize, alignment: usize) -> *mut c_void {
    let hooks = &*user.cast::<Hooks>();
    let mut memory = std::ptr::null_mut();
    hooks.keep_panic(|hooks| {
        let head = head_bytes(alignment);
        let layout = size_bytes
            .checked_add(head)
            .and_then(|size| Layout::from_size_align(size, head).ok());
        if let (Some(allocator), Some(layout)) = (&hooks.allocator, layout) {
            let block = allocator.alloc(layout);
            if !block.is_null() {
                memory = block.add(head);
                memory.cast::<usize>().sub(1).write(alignment);
            }
        }
    });
    memory.cast()
}

pub(crate) unsafe extern "C" fn release(user: *mut c_void, memory: *mut c_void, size_bytes: usize) {
    let hooks = &*user.cast::<Hooks>();
    hooks.keep_panic(|hooks| {
        if let (Some(allocator), false) = (&hooks.allocator, memory.is_null()) {
            let head = head_bytes(memory.cast::<usize>().sub(1).read());
            let layout = Layout::from_size_align_unchecked(size_bytes + head, head);
            allocator.dealloc(memory.cast::<u8>().sub(head), layout);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::ptr;
    use std::sync::atomic::AtomicUsize;

    /// C calls the log and the allocator while a callback of the session reads from it: no borrow of the outer call may be
    /// ended by the inner ones. Miri (`cargo miri test hooks`) checks that; compilers rely on it without a check.
    #[test]
    fn a_callback_may_cause_others() {
        let lines = Arc::new(AtomicUsize::new(0));
        let counted = lines.clone();
        let hooks = Box::into_raw(Box::new(Hooks {
            log: Some(Arc::new(move |_, line| {
                counted.fetch_add(1, Ordering::Relaxed);
                panic!("log: {line}");
            })),
            allocator: Some(Arc::new(System)),
            ..Hooks::default()
        }));
        let user = hooks as usize;
        let mut calls = 0;
        let spikes_seen = Arc::new(AtomicUsize::new(0));
        let seen = spikes_seen.clone();
        let inside = move |_: &SessionView<'_>, spikes: &Spikes<'_>| {
            calls += 1;
            unsafe {
                let user = user as *mut c_void;
                on_log(LogLevel::Warning as i32, b"inner\0".as_ptr().cast(), user);
                let memory = allocate(user, 24, 64);
                assert_eq!(memory as usize % 64, 0);
                release(user, memory, 24);
            }
            seen.store(calls + spikes.neurons.len(), Ordering::Relaxed);
            panic!("outer");
        };
        let neurons = [3, 5];
        let event = sys::SNNSpikes {
            struct_size: std::mem::size_of::<sys::SNNSpikes>() as u32,
            population: 1,
            sample: 0,
            count: 2,
            step: 7,
            neurons: neurons.as_ptr(),
        };
        unsafe {
            (*hooks).spikes.replace(Some(Box::new(inside)));
            on_spikes(ptr::null_mut(), &event, hooks.cast());
            on_spikes(ptr::null_mut(), &event, hooks.cast()); // not called: there is a panic to tell
            let first = catch_unwind(AssertUnwindSafe(|| (*hooks).resume())).unwrap_err();
            assert_eq!(first.downcast_ref::<String>().map(String::as_str), Some("log: inner"));
            (*hooks).resume(); // once
            drop(Box::from_raw(hooks));
        }
        assert_eq!(lines.load(Ordering::Relaxed), 1);
        assert_eq!(spikes_seen.load(Ordering::Relaxed), 3);
    }
}
