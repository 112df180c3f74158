//! Sessions on the Vulkan device of the program, stepped inside its own command buffers.
//!
//! `snn_vulkan.h` is the manual: what is recorded, what may be called when, what buffers need. Handles are `u64`, as
//! `ash::vk::Handle::as_raw` gives them. Functions that use a handle of the program are `unsafe`, because nothing can tell
//! whether it lives.
//!
//! ```no_run
//! # unsafe fn frame(instance: u64, physical_device: u64, device: u64, queue: u64, command_buffer: u64,
//! #                 get_instance_proc_addr: *const std::ffi::c_void) -> snn::Result<()> {
//! use snn::{vulkan, SessionOptions};
//!
//! let host = vulkan::Host::new(instance, physical_device, device, queue, 0, get_instance_proc_addr);
//! let mut brain = SessionOptions::new().vulkan_host(host).open_file("brain.snn")?;
//! let membrane = brain.vulkan_buffer("cells.v")?; // where the renderer reads
//! // in each frame, outside a render pass:
//! brain.set_input(0, &[0.5, 0.25])?;
//! brain.record_steps(command_buffer, 16)?;
//! // ... draw and submit
//! # let _ = membrane;
//! # Ok(())
//! # }
//! ```

use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr;
use std::sync::Arc;

use crate::error::{borrowed_slice, check, with_c_string};
use crate::hooks::{self, Hooks};
use crate::network::fill;
use crate::{sys, DataType, Result, Session, Value};

/// Held around each submission to the queue of a [`Host`], by the thread that calls into the session, or, for a session on several
/// devices, one of libsnn. A panic inside aborts the program.
pub trait QueueLock: Send + Sync {
    /// Waits until nobody else submits to the queue.
    fn lock(&self);
    /// Lets others submit again.
    fn unlock(&self);
}

/// Submits for a session: calls vkQueueSubmit, on any thread, with a VkSubmitInfo, which is valid during the call, and a VkFence, and
/// returns its VkResult afterwards. The rules are those of `SNNVulkanHost.submit`. A panic inside aborts the program.
pub type Submit = Arc<dyn Fn(*const c_void, u64) -> i32 + Send + Sync>;

/// The Vulkan device of the program, for [`SessionOptions::vulkan_host`](crate::SessionOptions::vulkan_host).
#[derive(Clone)]
pub struct Host {
    instance: u64,
    physical_device: u64,
    device: u64,
    queue: u64,
    queue_family: u32,
    get_instance_proc_addr: u64,
    pub(crate) queue_lock: Option<Arc<dyn QueueLock>>,
    pub(crate) submit: Option<Submit>,
    pipeline_cache: u64,
}

impl Host {
    /// The device by its handles. The queue is used while a session is opened and by its functions that are not of this module,
    /// never by [`record_steps`](Session::record_steps). A handle of 0 is refused when a session is opened.
    ///
    /// # Safety
    ///
    /// `device` was made of `physical_device` and `instance`, `queue` is of the family `queue_family` and `get_instance_proc_addr` is
    /// vkGetInstanceProcAddr; all of it outlives the sessions that are opened with it. Nobody else submits to `queue` while a
    /// function of such a session uses it, or both sides hold the [`queue_lock`](Self::queue_lock), or the program
    /// [submits](Self::submit).
    pub unsafe fn new(
        instance: u64,
        physical_device: u64,
        device: u64,
        queue: u64,
        queue_family: u32,
        get_instance_proc_addr: *const c_void,
    ) -> Self {
        Host {
            instance,
            physical_device,
            device,
            queue,
            queue_family,
            get_instance_proc_addr: get_instance_proc_addr as u64,
            queue_lock: None,
            submit: None,
            pipeline_cache: 0,
        }
    }

    /// A lock that the session holds around its submissions.
    pub fn queue_lock(mut self, lock: Arc<dyn QueueLock>) -> Self {
        self.queue_lock = Some(lock);
        self
    }

    /// What is called in place of vkQueueSubmit, instead of a lock and by the same threads; the queue may be 0 then.
    pub fn submit(mut self, submit: Submit) -> Self {
        self.submit = Some(submit);
        self
    }

    /// A VkPipelineCache. With what an earlier run of the program left in it, a session opens without compiling shaders.
    ///
    /// # Safety
    ///
    /// It belongs to the device, is not externally synchronised, and outlives the sessions.
    pub unsafe fn pipeline_cache(mut self, cache: u64) -> Self {
        self.pipeline_cache = cache;
        self
    }

    /// Opens a session; its hooks stay where they are.
    pub(crate) unsafe fn create(
        &self,
        config: &sys::SNNConfig,
        hooks: *mut Hooks,
        out_handle: &mut sys::SNNHandle,
    ) -> i32 {
        // A struct of numbers, pointers and functions that may be missing: zeros are valid.
        let mut host: sys::SNNVulkanHost = std::mem::zeroed();
        sys::snn_vulkan_host_init(&mut host, size_of::<sys::SNNVulkanHost>() as u32);
        host.queue_family = self.queue_family;
        host.instance = self.instance as *mut c_void;
        host.physical_device = self.physical_device as *mut c_void;
        host.device = self.device as *mut c_void;
        host.queue = self.queue as *mut c_void;
        host.pipeline_cache = self.pipeline_cache;
        host.get_instance_proc_addr =
            std::mem::transmute::<usize, sys::SNNVulkanHost_get_instance_proc_addr>(self.get_instance_proc_addr as usize);
        if self.queue_lock.is_some() {
            host.lock_queue = Some(hooks::lock_queue);
            host.unlock_queue = Some(hooks::unlock_queue);
            host.user = hooks.cast();
        }
        if self.submit.is_some() {
            host.submit = Some(hooks::submit);
            host.user = hooks.cast();
        }
        sys::snn_vulkan_create_network(config, &host, out_handle)
    }
}

/// A VkSemaphore with the value to wait for or to signal; 0 for a binary one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Semaphore {
    /// The VkSemaphore.
    pub handle: u64,
    /// Of a timeline semaphore, above 0.
    pub value: u64,
}

/// The Vulkan device that a session runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// VkInstance.
    pub instance: u64,
    /// VkPhysicalDevice.
    pub physical_device: u64,
    /// VkDevice.
    pub device: u64,
    /// VkQueue, to be used while no function of the session runs and no steps that were begun are under way.
    pub queue: u64,
    /// Of the queue.
    pub queue_family: u32,
    /// The address of vkGetInstanceProcAddr.
    pub get_instance_proc_addr: u64,
    /// A timeline semaphore, and the value that it has when all is done that the session has submitted so far; none on a host's
    /// device, and where the device has none.
    pub submitted: Option<Semaphore>,
}

/// A piece of a VkBuffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The VkBuffer; of a plan, what stands for it.
    pub handle: u64,
    /// Where the values begin.
    pub offset_bytes: u64,
    /// Of all values.
    pub size_bytes: u64,
    /// `Float32` or `Int32`.
    pub data_type: DataType,
}

/// The step of a network as data, for a program that runs it through a GPU layer of its own; lent by the session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan<'a> {
    /// Pipelines to make.
    pub shaders: Vec<PlanShader<'a>>,
    /// Buffers to make, but for those of the host.
    pub buffers: Vec<PlanBuffer<'a>>,
    /// Of one step, in order; the same in every step.
    pub dispatches: Vec<PlanDispatch>,
}

/// A compute shader for Vulkan 1.0 without optional features, entry point `main`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PlanShader<'a> {
    /// The module.
    pub spirv: &'a [u32],
    /// The specialisation constants of `constant_id` 0, 1, ...; booleans are 0 and 1.
    pub constants: &'a [u32],
}

/// A buffer of a plan.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PlanBuffer<'a> {
    /// What it holds before the first step.
    pub contents: &'a [u8],
    /// What [`bind_vulkan_buffer`](Session::bind_vulkan_buffer) was given as handle; 0: it is the plan's own.
    pub host_buffer: u64,
}

/// A dispatch of a plan.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlanDispatch {
    /// Its place in [`Plan::shaders`].
    pub shader: u32,
    /// It waits for the writes of all dispatches before it, those of earlier steps too.
    pub barrier: bool,
    /// Workgroups; enough also where `indirect` is given.
    pub groups: [u32; 3],
    /// A buffer, and the offset in bytes where the three numbers of workgroups that are needed now stand.
    pub indirect: Option<(u32, u64)>,
    /// The push constants.
    pub push: Vec<u32>,
    /// The storage buffers of set 0, bindings 0 to 6.
    pub bindings: [PlanBinding; sys::SNN_VULKAN_BINDING_COUNT as usize],
}

/// What a dispatch of a plan reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanBinding {
    /// Its place in [`Plan::buffers`].
    pub buffer: u32,
    /// A multiple of 256, or as it was bound.
    pub offset_bytes: u64,
    /// Of what is read or written.
    pub size_bytes: u64,
}

impl Session {
    /// Appends steps to a command buffer that is recording, outside a render pass.
    ///
    /// [`step_count`](crate::SessionView::step_count) goes on at once, states when the device has run the commands. Spike callbacks
    /// are not called.
    ///
    /// # Safety
    ///
    /// `command_buffer` is a VkCommandBuffer of the host's queue family, and its pool is used by nobody else during the call. It
    /// is submitted once, in the order of recording, and has run before the session is used in another way than by recording and
    /// [`read_back`](Self::read_back), or dropped.
    #[doc(alias = "snn_vulkan_record_steps")]
    pub unsafe fn record_steps(&mut self, command_buffer: u64, step_count: u32) -> Result<()> {
        let status = sys::snn_vulkan_record_steps(self.handle(), command_buffer as *mut c_void, step_count);
        self.finish(status)
    }

    /// Runs steps in a submission of their own, without waiting for them. Other functions of the session wait by themselves.
    ///
    /// # Safety
    ///
    /// The semaphores live until the submission has run. Who waits for `waits` has to be signalled.
    #[doc(alias = "snn_vulkan_submit_steps")]
    pub unsafe fn submit_steps(&mut self, step_count: u32, waits: &[Semaphore], signals: &[Semaphore]) -> Result<()> {
        let raw = |semaphores: &[Semaphore]| -> Vec<sys::SNNVulkanSemaphore> {
            semaphores
                .iter()
                .map(|one| sys::SNNVulkanSemaphore { semaphore: one.handle, value: one.value })
                .collect()
        };
        let (waits, signals) = (raw(waits), raw(signals));
        let submission = sys::SNNVulkanSubmission {
            struct_size: size_of::<sys::SNNVulkanSubmission>() as u32,
            wait_count: waits.len() as u32,
            signal_count: signals.len() as u32,
            reserved: 0,
            waits: waits.as_ptr(),
            signals: signals.as_ptr(),
        };
        let status = sys::snn_vulkan_submit_steps(self.handle(), &submission, step_count);
        self.finish(status)
    }

    /// The device that the session runs on, for commands and buffers of your own. The first call waits for what was submitted before.
    #[doc(alias = "snn_vulkan_get_device")]
    pub fn vulkan_device(&mut self) -> Result<Device> {
        let raw = fill!(sys::SNNVulkanDevice, |device| unsafe { sys::snn_vulkan_get_device(self.handle(), device) })?;
        Ok(Device {
            instance: raw.instance as u64,
            physical_device: raw.physical_device as u64,
            device: raw.device as u64,
            queue: raw.queue as u64,
            queue_family: raw.queue_family,
            get_instance_proc_addr: raw.get_instance_proc_addr.map_or(0, |function| function as usize as u64),
            submitted: Some(Semaphore { handle: raw.submitted.semaphore, value: raw.submitted.value })
                .filter(|one| one.handle != 0),
        })
    }

    /// Where the device keeps a state, `"population.state"`, to be read in place; the same until states are bound.
    #[doc(alias = "snn_vulkan_get_buffer")]
    pub fn vulkan_buffer(&self, state: &str) -> Result<Buffer> {
        let raw = with_c_string(state, |state| {
            fill!(sys::SNNVulkanBuffer, |buffer| unsafe { sys::snn_vulkan_get_buffer(self.handle(), state, buffer) })
        })?;
        Ok(Buffer {
            handle: raw.buffer,
            offset_bytes: raw.offset_bytes,
            size_bytes: raw.size_bytes,
            data_type: DataType::from_raw(raw.r#type).unwrap_or(DataType::Float32),
        })
    }

    /// Reads or writes a buffer of the program in place from now on: `"population.input"`, `"population.states"`,
    /// `"population.spikes"` or `"population.spike_count"`.
    ///
    /// # Safety
    ///
    /// `buffer` is of the host's device, has the usage that `snn_vulkan_bind_buffer` asks for, is bound to memory, and lives until
    /// the binding or the session has ended and what was recorded has run. (Of a session on `"vulkan:plan"` it is any number
    /// but 0.)
    #[doc(alias = "snn_vulkan_bind_buffer")]
    pub unsafe fn bind_vulkan_buffer(&mut self, path: &str, buffer: &Buffer) -> Result<()> {
        let mut raw: sys::SNNVulkanBuffer = std::mem::zeroed();
        raw.struct_size = size_of::<sys::SNNVulkanBuffer>() as u32;
        raw.r#type = buffer.data_type as u32;
        raw.buffer = buffer.handle;
        raw.offset_bytes = buffer.offset_bytes;
        raw.size_bytes = buffer.size_bytes;
        self.bind(path, &raw)
    }

    /// Ends a binding; states go back to memory of the session.
    #[doc(alias = "snn_vulkan_bind_buffer")]
    pub fn unbind_vulkan_buffer(&mut self, path: &str) -> Result<()> {
        self.bind(path, ptr::null())
    }

    fn bind(&mut self, path: &str, buffer: *const sys::SNNVulkanBuffer) -> Result<()> {
        let status = with_c_string(path, |path| {
            Ok(unsafe { sys::snn_vulkan_bind_buffer(self.handle(), path, buffer) })
        })?;
        self.finish(status)
    }

    /// What is to come back to the processor without waiting: states, `"population.state"`, `"population.spikes"` of the last
    /// step and `"population.spike_count"` since the frame before, of the last `frame_count` frames. No path: nothing any more.
    #[doc(alias = "snn_vulkan_set_readback")]
    pub fn set_readback(&mut self, paths: &[&str], frame_count: u32) -> Result<()> {
        let texts = paths
            .iter()
            .map(|path| with_c_string(path, |path| Ok(unsafe { CStr::from_ptr(path) }.to_owned())))
            .collect::<Result<Vec<_>>>()?;
        let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        let status = unsafe {
            sys::snn_vulkan_set_readback(self.handle(), pointers.as_mut_ptr(), pointers.len() as u32, frame_count)
        };
        self.finish(status)
    }

    /// Copies what [`set_readback`](Self::set_readback) named, as it is after what was recorded before, as frame `frame`; frames ascend.
    ///
    /// # Safety
    ///
    /// As [`record_steps`](Self::record_steps).
    #[doc(alias = "snn_vulkan_record_readback")]
    pub unsafe fn record_readback(&mut self, command_buffer: u64, frame: u64) -> Result<()> {
        let status = sys::snn_vulkan_record_readback(self.handle(), command_buffer as *mut c_void, frame);
        self.finish(status)
    }

    /// Values of the newest frame up to `finished_frame`, the last one that the device has finished, and which frame it is; none, and
    /// the values as they were, where there is no such frame. Waits for nothing.
    #[doc(alias = "snn_vulkan_read_back")]
    pub fn read_back<T: Value>(&self, path: &str, finished_frame: u64, values: &mut [T]) -> Result<Option<u64>> {
        let mut frame = 0;
        with_c_string(path, |path| {
            check(unsafe {
                sys::snn_vulkan_read_back(
                    self.handle(),
                    path,
                    finished_frame,
                    T::DATA_TYPE as u32,
                    values.as_mut_ptr().cast(),
                    values.len(),
                    &mut frame,
                )
            })
        })?;
        Ok(Some(frame).filter(|&frame| frame != sys::SNN_VULKAN_NO_FRAME))
    }

    /// The step as data. The session is one on the device `"vulkan:plan"`, which needs no driver and runs nothing.
    #[doc(alias = "snn_vulkan_get_plan")]
    pub fn vulkan_plan(&mut self) -> Result<Plan<'_>> {
        let plan = fill!(sys::SNNVulkanPlan, |plan| unsafe { sys::snn_vulkan_get_plan(self.handle(), plan) })?;
        // Valid until the session is next used, and that needs the borrow of `self` to end.
        unsafe {
            Ok(Plan {
                shaders: borrowed_slice(plan.shaders, plan.shader_count as usize)
                    .iter()
                    .map(|shader| PlanShader {
                        spirv: borrowed_slice(shader.spirv, shader.word_count as usize),
                        constants: borrowed_slice(shader.constants, shader.constant_count as usize),
                    })
                    .collect(),
                buffers: borrowed_slice(plan.buffers, plan.buffer_count as usize)
                    .iter()
                    .map(|buffer| PlanBuffer {
                        contents: borrowed_slice(buffer.contents.cast(), buffer.size_bytes as usize),
                        host_buffer: buffer.host_buffer,
                    })
                    .collect(),
                dispatches: borrowed_slice(plan.dispatches, plan.dispatch_count as usize)
                    .iter()
                    .map(PlanDispatch::from_raw)
                    .collect(),
            })
        }
    }
}

impl PlanDispatch {
    fn from_raw(raw: &sys::SNNVulkanPlanDispatch) -> Self {
        PlanDispatch {
            shader: raw.shader,
            barrier: raw.barrier != 0,
            groups: raw.groups,
            indirect: match raw.indirect_buffer {
                sys::SNN_VULKAN_NO_BUFFER => None,
                buffer => Some((buffer, raw.indirect_offset_bytes)),
            },
            push: raw.push[..raw.push_bytes as usize / 4].to_vec(),
            bindings: raw.bindings.map(|one| PlanBinding {
                buffer: one.buffer,
                offset_bytes: one.offset_bytes,
                size_bytes: one.size_bytes,
            }),
        }
    }
}
