use std::alloc::GlobalAlloc;
use std::mem::{size_of, MaybeUninit};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use crate::error::{check, check_library, path_text, with_optional_c_string};
use crate::hooks::{self, Allocator, Hooks, Jobs, LogFunction};
use crate::vulkan::Host;
use crate::{sys, InstructionSet, JobSystem, LogLevel, Network, Result, Session};

/// How a session is opened; see `SNNConfig`. What is not set has the library's default.
///
/// ```no_run
/// # fn main() -> snn::Result<()> {
/// let mut brain = snn::SessionOptions::new().threads(4).seed(7).open_file("brain.snn")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct SessionOptions {
    device: Option<String>,
    batch_size: Option<u32>,
    threads: Option<u32>,
    instruction_set: Option<InstructionSet>,
    max_catch_up_steps: Option<u32>,
    flags: u32,
    seed: u64,
    log: Option<LogFunction>,
    jobs: Option<Arc<dyn JobSystem>>,
    allocator: Option<Allocator>,
    vulkan_host: Option<Host>,
}

impl SessionOptions {
    /// The library's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// `"cpu"`, `"vulkan"`, `"auto"` and others, see `SNNConfig`; default `"cpu"`.
    pub fn device(mut self, name: &str) -> Self {
        self.device = Some(name.to_owned());
        self
    }

    /// Independent copies of the state, stepped together; default 1. They share the weights, or each has its own with
    /// [`sample_weights`](Self::sample_weights).
    pub fn batch_size(mut self, samples: u32) -> Self {
        self.batch_size = Some(samples);
        self
    }

    /// Default 1; 0: one per core. Results do not depend on it.
    pub fn threads(mut self, count: u32) -> Self {
        self.threads = Some(count);
        self
    }

    /// For tests and measurements. A simulation has the same bits with each; training agrees within rounding.
    pub fn instruction_set(mut self, set: InstructionSet) -> Self {
        self.instruction_set = Some(set);
        self
    }

    /// Most steps that one [`run_step`](Session::run_step) may take; time beyond is dropped. Default (0): as many as fit into
    /// 0.25 s of simulated time, at least 100.
    pub fn max_catch_up_steps(mut self, steps: u32) -> Self {
        self.max_catch_up_steps = Some(steps);
        self
    }

    /// Of the random draws of models that have some; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Open the session even when its estimate exceeds the free memory.
    pub fn any_size(self) -> Self {
        self.flag(sys::SNN_FLAG_ANY_SIZE)
    }

    /// Run built-in models through the interpreter as well (tests).
    pub fn interpret_models(self) -> Self {
        self.flag(sys::SNN_FLAG_INTERPRET_MODELS)
    }

    /// Device "reference" only: compute in double (tests).
    pub fn float64(self) -> Self {
        self.flag(sys::SNN_FLAG_FLOAT64)
    }

    /// With `float64`: spikes are the surrogate's smooth function (gradient checks).
    pub fn smooth_spikes(self) -> Self {
        self.flag(sys::SNN_FLAG_SMOOTH_SPIKES)
    }

    /// Training goes back to the inputs, see [`Trainer::run_backward`](crate::Trainer::run_backward).
    pub fn input_gradients(self) -> Self {
        self.flag(sys::SNN_FLAG_INPUT_GRADIENTS)
    }

    /// Each sample has weights and biases of its own: "projection.weight" is then those of all samples, and
    /// "projection.weight\[7\]" those of sample 7.
    pub fn sample_weights(self) -> Self {
        self.flag(sys::SNN_FLAG_SAMPLE_WEIGHTS)
    }

    /// On Vulkan, barriers also between kernels that do not race but use one buffer at once, which a validation layer that
    /// checks synchronisation reports as hazards: the same bits, slower.
    pub fn strict_barriers(self) -> Self {
        self.flag(sys::SNN_FLAG_STRICT_BARRIERS)
    }

    fn flag(mut self, flag: u32) -> Self {
        self.flags |= flag;
        self
    }

    /// What the session has to say besides errors; called on the thread that calls into the session.
    pub fn log(mut self, function: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(function));
        self
    }

    /// The host's own jobs instead of the session's threads.
    pub fn job_system(mut self, system: Arc<dyn JobSystem>) -> Self {
        self.jobs = Some(system);
        self
    }

    /// Where the session's buffers come from; called on the thread that calls into the session.
    pub fn allocator(mut self, allocator: Arc<dyn GlobalAlloc + Send + Sync>) -> Self {
        self.allocator = Some(allocator);
        self
    }

    /// The session runs on the Vulkan device of the program; its `device` is left unset, or several with `"vulkan"` among them.
    #[doc(alias = "snn_vulkan_create_network")]
    pub fn vulkan_host(mut self, host: Host) -> Self {
        self.vulkan_host = Some(host);
        self
    }

    /// Opens a session of a network.
    #[doc(alias = "snn_create_network")]
    pub fn open(&self, network: &Network) -> Result<Session> {
        self.create(None, network.handle())
    }

    /// Opens a session of a `.snn` file.
    #[doc(alias = "snn_create_network")]
    pub fn open_file(&self, path: impl AsRef<Path>) -> Result<Session> {
        self.create(Some(path_text(path.as_ref())?), ptr::null_mut())
    }

    fn create(&self, file: Option<&str>, network: sys::SNNNetwork) -> Result<Session> {
        check_library()?;
        let hooks = Box::into_raw(Box::new(Hooks {
            log: self.log.clone(),
            jobs: self.jobs.clone().map(Jobs::new),
            allocator: self.allocator.clone(),
            queue_lock: self.vulkan_host.as_ref().and_then(|host| host.queue_lock.clone()),
            submit: self.vulkan_host.as_ref().and_then(|host| host.submit.clone()),
            ..Hooks::default()
        }));
        let mut handle = ptr::null_mut();
        let result = self.with_config(file, network, Some(hooks), |config| {
            check(unsafe {
                match &self.vulkan_host {
                    None => sys::snn_create_network(config, &mut handle),
                    Some(host) => host.create(config, hooks, &mut handle),
                }
            })
        });
        // From here on the session frees the hooks, also when opening failed and `handle` is null.
        let mut session = unsafe { Session::from_handle(handle, hooks) };
        session.resume();
        result.map(|()| session)
    }

    pub(crate) fn with_config<T>(
        &self,
        file: Option<&str>,
        network: sys::SNNNetwork,
        hooks: Option<*mut Hooks>,
        function: impl FnOnce(&sys::SNNConfig) -> Result<T>,
    ) -> Result<T> {
        let mut config = MaybeUninit::<sys::SNNConfig>::zeroed();
        // A struct of numbers, pointers and functions that may be missing: zeros are valid, and `init` fills in the defaults.
        let mut config = unsafe {
            sys::snn_config_init(config.as_mut_ptr(), size_of::<sys::SNNConfig>() as u32);
            config.assume_init()
        };
        let job_system;
        let allocator;
        config.network = network;
        config.flags = self.flags;
        config.seed = self.seed;
        config.batch_size = self.batch_size.unwrap_or(config.batch_size);
        config.thread_count = self.threads.unwrap_or(config.thread_count);
        config.instruction_set = self.instruction_set.map_or(config.instruction_set, |set| set as u32);
        config.max_catch_up_steps = self.max_catch_up_steps.unwrap_or(config.max_catch_up_steps);
        if let Some(user) = hooks {
            if self.log.is_some() {
                config.log = Some(hooks::on_log);
                config.log_user = user.cast();
            }
            if let Some(jobs) = &self.jobs {
                job_system = sys::SNNJobSystem {
                    struct_size: size_of::<sys::SNNJobSystem>() as u32,
                    worker_count: jobs.worker_count(),
                    parallel_for: Some(hooks::parallel_for),
                    user: user.cast(),
                };
                config.job_system = &job_system;
            }
            if self.allocator.is_some() {
                allocator = sys::SNNAllocator {
                    struct_size: size_of::<sys::SNNAllocator>() as u32,
                    allocate: Some(hooks::allocate),
                    release: Some(hooks::release),
                    user: user.cast(),
                };
                config.allocator = &allocator;
            }
        }
        with_optional_c_string(file, |file| {
            with_optional_c_string(self.device.as_deref(), |device| {
                config.file = file;
                config.device = device;
                function(&config)
            })
        })
    }
}
