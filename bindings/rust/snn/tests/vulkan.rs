//! Sessions on the Vulkan device of a program: that of `tests/bindings/vulkan/host.cpp`, the library that the environment names in
//! `SNN_TEST_HOST`.
#![cfg(target_os = "linux")]

#[path = "networks/mod.rs"]
mod networks;

use std::ffi::{c_void, CString};
use std::os::raw::{c_char, c_int};
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use networks::{adders, folder};
use snn::vulkan::{Buffer, Host, Plan, QueueLock, Semaphore};
use snn::*;

extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// One device at a time.
static DEVICE: Mutex<()> = Mutex::new(());

struct Device {
    library: *mut c_void,
    _alone: MutexGuard<'static, ()>,
}

impl Device {
    /// None, said aloud, where there is no library.
    fn open() -> Option<(Self, Host)> {
        let path = match std::env::var("SNN_TEST_HOST") {
            Ok(path) => CString::new(path).unwrap(),
            Err(_) => {
                println!("skipped: SNN_TEST_HOST is not set");
                return None;
            }
        };
        let alone = DEVICE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let library = unsafe { dlopen(path.as_ptr(), 2) }; // RTLD_NOW
        assert!(!library.is_null(), "{path:?}");
        let device = Device { library, _alone: alone };
        let mut handles = [0u64; 6];
        let open: extern "C" fn(*mut u64) = unsafe { device.function("test_host_open") };
        open(handles.as_mut_ptr());
        let [instance, physical_device, queued, queue, family, get_instance_proc_addr] = handles;
        let host = unsafe {
            Host::new(instance, physical_device, queued, queue, family as u32, get_instance_proc_addr as *const c_void)
        };
        Some((device, host))
    }

    /// `F` is the type of the function.
    unsafe fn function<F: Copy>(&self, name: &str) -> F {
        let text = CString::new(name).unwrap();
        let symbol = dlsym(self.library, text.as_ptr());
        assert!(!symbol.is_null(), "{name}");
        std::mem::transmute_copy(&symbol)
    }

    fn call(&self, name: &str, argument: u64) -> u64 {
        let function: extern "C" fn(u64) -> u64 = unsafe { self.function(name) };
        function(argument)
    }

    fn step(&self, session: &mut Session, steps: u32) {
        let commands = self.call("test_host_begin", 0);
        unsafe { session.record_steps(commands, steps).unwrap() };
        self.call("test_host_submit", commands);
    }

    fn get(&self, buffer: u64, index: u64) -> f32 {
        let function: extern "C" fn(u64, u64) -> f32 = unsafe { self.function("test_host_get") };
        function(buffer, index)
    }

    fn set(&self, buffer: u64, index: u64, value: f32) {
        let function: extern "C" fn(u64, u64, f32) = unsafe { self.function("test_host_set") };
        function(buffer, index, value);
    }

    fn buffer(&self, size_bytes: u64) -> Buffer {
        Buffer {
            handle: self.call("test_host_make_buffer", size_bytes),
            offset_bytes: 0,
            size_bytes,
            data_type: DataType::Float32,
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let close: extern "C" fn() = unsafe { self.function("test_host_close") };
        close();
    }
}

fn open(host: &Host) -> Session {
    SessionOptions::new().vulkan_host(host.clone()).open(&adders()).unwrap()
}

#[test]
fn recorded_steps_give_the_values_worked_out_by_hand() {
    if let Some((device, host)) = Device::open() {
        let mut session = open(&host);
        session.set_input(0, &[1.0, 1.0]).unwrap();
        device.step(&mut session, 1);
        assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.75, 0.0]);
        assert_eq!(session.spikes(1, 0).unwrap(), &[1]);
        device.step(&mut session, 2); // the spikes of an input hold for one step
        assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.75, 0.0]);
        assert_eq!(session.step_count().unwrap(), 3);
        assert!(session.device().unwrap().0.starts_with("vulkan"));
    }
}

#[test]
fn buffers_are_read_and_written_in_place() {
    if let Some((device, host)) = Device::open() {
        let mut session = open(&host);
        let state = session.vulkan_buffer("cells.v").unwrap();
        assert_ne!(state.handle, 0);
        assert_eq!((state.size_bytes, state.data_type), (8, DataType::Float32));
        let (input, counts) = (device.buffer(8), device.buffer(8));
        for i in 0..2 {
            device.set(input.handle, i, 1.0);
            device.set(counts.handle, i, 0.0);
        }
        unsafe {
            session.bind_vulkan_buffer("in.input", &input).unwrap();
            session.bind_vulkan_buffer("cells.spike_count", &counts).unwrap();
        }
        device.step(&mut session, 4); // 0.75 and a spike in each; 0.75 + 0.75 is one as well
        assert_eq!((device.get(counts.handle, 0), device.get(counts.handle, 1)), (2.0, 4.0));
        assert_eq!(session.set_input(0, &[0.0, 0.0]).unwrap_err().status(), Status::State);
        session.unbind_vulkan_buffer("in.input").unwrap();
        session.set_input(0, &[0.0, 0.0]).unwrap();
        device.step(&mut session, 1);
        assert_eq!(device.get(counts.handle, 1), 4.0);
    }
}

#[test]
fn values_come_back_without_waiting() {
    if let Some((device, host)) = Device::open() {
        let mut session = open(&host);
        let (mut v, mut spikes) = ([0f32; 2], [0u8; 2]);
        session.set_readback(&["cells.v", "cells.spikes"], 2).unwrap();
        assert_eq!(session.read_back("cells.v", 0, &mut v).unwrap(), None);
        for frame in 3..5 {
            session.set_input(0, &[1.0, 1.0]).unwrap();
            let commands = device.call("test_host_begin", 0);
            unsafe {
                session.record_steps(commands, 1).unwrap();
                session.record_readback(commands, frame).unwrap();
            }
            device.call("test_host_submit", commands);
        }
        assert_eq!(session.read_back("cells.v", 3, &mut v).unwrap(), Some(3));
        assert_eq!(v, [0.75, 0.0]);
        assert_eq!(session.read_back("cells.spikes", 9, &mut spikes).unwrap(), Some(4));
        assert_eq!(spikes, [1, 1]); // 0.75 + 0.75
        let status = |result: Result<Option<u64>>| result.unwrap_err().status();
        assert_eq!(status(session.read_back("cells.v", 4, &mut [0f32; 3])), Status::InvalidArgument);
        assert_eq!(session.set_readback(&["cells.nothing"], 1).unwrap_err().status(), Status::NotFound);
        session.set_readback(&[], 1).unwrap();
        assert_eq!(status(session.read_back("cells.v", 4, &mut v)), Status::NotFound);
    }
}

#[test]
fn submissions_wait_for_and_signal_semaphores() {
    if let Some((device, host)) = Device::open() {
        let mut session = open(&host);
        let all: Vec<_> = (0..4)
            .map(|_| Semaphore { handle: device.call("test_host_make_semaphore", 0), value: 0 })
            .collect();
        for one in &all[..2] {
            device.call("test_host_signal", one.handle);
        }
        session.set_input(0, &[1.0, 0.0]).unwrap();
        unsafe { session.submit_steps(1, &all[..2], &all[2..]).unwrap() };
        for one in &all[2..] {
            device.call("test_host_wait", one.handle);
        }
        assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.5, 0.0]);
        unsafe { session.submit_steps(3, &[], &[]).unwrap() };
        assert_eq!(session.step_count().unwrap(), 4);
        let error = unsafe { session.submit_steps(1, &[], &[Semaphore::default()]).unwrap_err() };
        assert!(error.to_string().contains("signals[0]"), "{error}");
    }
}

#[test]
fn the_queue_is_locked_around_submissions() {
    #[derive(Default)]
    struct Counting {
        held: AtomicI64,
        times: AtomicI64,
    }
    impl QueueLock for Counting {
        fn lock(&self) {
            assert_eq!(self.held.fetch_add(1, Ordering::SeqCst), 0);
            self.times.fetch_add(1, Ordering::SeqCst);
        }
        fn unlock(&self) {
            assert_eq!(self.held.fetch_sub(1, Ordering::SeqCst), 1);
        }
    }
    if let Some((_device, host)) = Device::open() {
        let lock = Arc::new(Counting::default());
        let mut session = open(&host.queue_lock(lock.clone()));
        let before = lock.times.load(Ordering::SeqCst);
        unsafe { session.submit_steps(1, &[], &[]).unwrap() };
        assert_eq!(lock.times.load(Ordering::SeqCst), before + 1);
        assert_eq!(lock.held.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn the_program_submits() {
    if let Some((device, host)) = Device::open() {
        let queue_submit: extern "C" fn(*const c_void, u64) -> i32 = unsafe { device.function("test_host_queue_submit") };
        let (submissions, refusal) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI32::new(0)));
        let (counted, refused) = (submissions.clone(), refusal.clone());
        let host = host.submit(Arc::new(move |submit_info, fence| {
            counted.fetch_add(1, Ordering::SeqCst);
            match refused.load(Ordering::SeqCst) {
                0 => queue_submit(submit_info, fence),
                error => error,
            }
        }));
        let mut session = open(&host);
        let before = submissions.load(Ordering::SeqCst);
        assert!(before > 0);
        session.set_input(0, &[1.0, 1.0]).unwrap();
        refusal.store(-2, Ordering::SeqCst); // VK_ERROR_OUT_OF_DEVICE_MEMORY
        let error = unsafe { session.submit_steps(1, &[], &[]).unwrap_err() };
        assert_eq!(error.status(), Status::OutOfMemory);
        refusal.store(0, Ordering::SeqCst);
        unsafe { session.submit_steps(1, &[], &[]).unwrap() };
        assert_eq!(session.read_vec::<f32>("cells.v").unwrap(), [0.75, 0.0]);
        assert!(submissions.load(Ordering::SeqCst) >= before + 2);
        let found = session.vulkan_device().unwrap();
        assert!(found.device != 0 && found.queue != 0 && found.get_instance_proc_addr != 0);
        assert_eq!(found.submitted, None);
        drop(session);
        let mut own = SessionOptions::new().device("vulkan").open(&adders()).unwrap();
        let value = own.vulkan_device().unwrap().submitted.map(|one| one.value);
        unsafe { own.submit_steps(1, &[], &[]).unwrap() };
        let found = own.vulkan_device().unwrap();
        assert_ne!(found.instance, 0);
        assert_eq!(found.submitted.map(|one| one.value), value.map(|value| value + 1));
    }
}

#[test]
fn a_plan_is_that_of_c() {
    if let Some((device, _)) = Device::open() {
        let path = folder("plan").join("adders.snn");
        adders().save(&path).unwrap();
        let mut session = SessionOptions::new().device("vulkan:plan").open_file(&path).unwrap();
        let input = Buffer { handle: 7, offset_bytes: 0, size_bytes: 8, data_type: DataType::Float32 };
        unsafe { session.bind_vulkan_buffer("in.input", &input).unwrap() };
        let text = CString::new(path.to_str().unwrap()).unwrap();
        let expected = device.call("test_host_plan_hash", text.as_ptr() as u64);
        assert_eq!(hash(&session.vulkan_plan().unwrap()), expected);
    }
}

fn hash(plan: &Plan) -> u64 {
    let mut words: Vec<u64> = Vec::new();
    for shader in &plan.shaders {
        words.extend(shader.spirv.iter().chain(shader.constants).map(|&word| u64::from(word)));
    }
    for buffer in &plan.buffers {
        words.push(buffer.host_buffer);
        words.extend(buffer.contents.chunks(4).map(|word| u64::from(u32::from_ne_bytes(word.try_into().unwrap()))));
    }
    for dispatch in &plan.dispatches {
        words.extend([u64::from(dispatch.shader), u64::from(dispatch.barrier)]);
        words.extend(dispatch.groups.map(u64::from));
        words.push(dispatch.indirect.map_or(u64::from(u32::MAX), |(buffer, _)| u64::from(buffer)));
        words.extend(dispatch.push.iter().map(|&word| u64::from(word)));
        for binding in dispatch.bindings {
            words.extend([u64::from(binding.buffer), binding.offset_bytes, binding.size_bytes]);
        }
    }
    words
        .iter()
        .fold(0xcbf29ce484222325, |value, word| (value ^ word).wrapping_mul(0x100000001b3))
}

#[test]
fn what_is_wrong_is_named() {
    let status = |result: Result<()>| result.unwrap_err().status();
    if let Some((device, host)) = Device::open() {
        let mut session = open(&host);
        assert_eq!(status(unsafe { session.record_steps(0, 1) }), Status::InvalidArgument);
        assert_eq!(session.vulkan_buffer("cells.nothing").unwrap_err().status(), Status::NotFound);
        let small = Buffer { size_bytes: 4, ..device.buffer(8) };
        assert_eq!(status(unsafe { session.bind_vulkan_buffer("in.input", &small) }), Status::InvalidArgument);
        assert_eq!(session.vulkan_plan().unwrap_err().status(), Status::Unsupported);
    }
    let host = unsafe { Host::new(1, 1, 0, 1, 0, std::ptr::null()) };
    let error = SessionOptions::new().vulkan_host(host).open(&adders()).unwrap_err();
    assert!(error.to_string().contains("host->device"), "{error}");
    let mut session = Session::new(&adders()).unwrap();
    assert_eq!(status(unsafe { session.record_steps(1, 1) }), Status::Unsupported);
    assert_eq!(session.vulkan_buffer("cells.v").unwrap_err().status(), Status::Unsupported);
}
