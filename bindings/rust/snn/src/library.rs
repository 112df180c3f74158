use std::ffi::CStr;
use std::mem::{size_of, MaybeUninit};
use std::os::raw::c_char;

use crate::error::{borrowed_text, check, check_library, with_c_string};
use crate::network::fill;
use crate::session::check_count;
use crate::{sys, Distribution, Encoding, Error, RandomKind, Result, Status};

/// `"0.1.0"` of the library that is loaded.
#[doc(alias = "snn_version_string")]
#[doc(alias = "snn_abi_version")]
pub fn version() -> Result<&'static str> {
    check_library()?;
    Ok(unsafe { borrowed_text(sys::snn_version_string()) }.unwrap_or(""))
}

/// Bytes of memory that this process could still take, 0 if unknown.
#[doc(alias = "snn_available_memory_bytes")]
pub fn available_memory_bytes() -> Result<u64> {
    check_library()?;
    Ok(unsafe { sys::snn_available_memory_bytes() })
}

/// `"SNN_ERROR_BUSY"` and so on.
#[doc(alias = "snn_status_name")]
pub fn status_name(status: Status) -> &'static str {
    unsafe { borrowed_text(sys::snn_status_name(status as i32)) }.unwrap_or("")
}

/// Where networks run; see `SNNDeviceInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct DeviceInfo {
    pub name: String,
    pub description: String,
    pub core_count: u32,
    pub memory_bytes: u64,
    pub can_train: bool,
    pub instruction_sets: Vec<String>,
}

/// The devices of this machine.
#[doc(alias = "snn_device_count")]
#[doc(alias = "snn_device_get")]
pub fn devices() -> Result<Vec<DeviceInfo>> {
    check_library()?;
    let mut count = 0;
    check(unsafe { sys::snn_device_count(&mut count) })?;
    (0..count)
        .map(|index| {
            let info = fill!(sys::SNNDeviceInfo, |info| unsafe { sys::snn_device_get(index, info) })?;
            Ok(DeviceInfo {
                name: text_of(&info.name),
                description: text_of(&info.description),
                core_count: info.core_count,
                memory_bytes: info.memory_bytes,
                can_train: info.can_train != 0,
                instruction_sets: text_of(&info.instruction_sets).split_whitespace().map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// How long one step takes on a device, in seconds; see `SNNDeviceSpeed`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct DeviceSpeed {
    pub was_kept: bool,
    pub driver: String,
    pub small_step_s: f64,
    pub large_step_s: f64,
}

/// Measures a device, or gives what was measured before.
#[doc(alias = "snn_device_speed")]
pub fn device_speed(device: &str) -> Result<DeviceSpeed> {
    check_library()?;
    let raw = with_c_string(device, |device| {
        fill!(sys::SNNDeviceSpeed, |speed| unsafe { sys::snn_device_speed(device, speed) })
    })?;
    Ok(DeviceSpeed {
        was_kept: raw.was_kept != 0,
        driver: text_of(&raw.driver),
        small_step_s: raw.small_step_s,
        large_step_s: raw.large_step_s,
    })
}

/// The text of a zero-terminated array.
pub(crate) fn text_of(array: &[c_char]) -> String {
    let bytes: Vec<u8> = array.iter().map(|&one| one as u8).take_while(|&one| one != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names of the built-in neuron models.
#[doc(alias = "snn_model_builtin_name")]
pub fn builtin_models() -> Vec<&'static str> {
    names(sys::snn_model_builtin_name)
}

/// Names of the built-in surrogates.
#[doc(alias = "snn_surrogate_builtin_name")]
pub fn builtin_surrogates() -> Vec<&'static str> {
    names(sys::snn_surrogate_builtin_name)
}

/// Names of the built-in plasticity rules.
#[doc(alias = "snn_plasticity_builtin_name")]
pub fn builtin_plasticity_rules() -> Vec<&'static str> {
    names(sys::snn_plasticity_builtin_name)
}

fn names(function: unsafe extern "C" fn(u32) -> *const c_char) -> Vec<&'static str> {
    (0..)
        .map_while(|index| {
            let name = unsafe { function(index) };
            (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_str().unwrap_or(""))
        })
        .collect()
}

/// Numbers in `[low, high)`, the same on every platform.
#[doc(alias = "snn_random_fill")]
pub fn random_uniform(seed: u64, stream: u64, low: f64, high: f64, values: &mut [f32]) -> Result<()> {
    random_fill(seed, stream, RandomKind::Uniform, low, high, values)
}

/// Gaussian numbers, the same on every platform.
#[doc(alias = "snn_random_fill")]
pub fn random_normal(seed: u64, stream: u64, mean: f64, deviation: f64, values: &mut [f32]) -> Result<()> {
    random_fill(seed, stream, RandomKind::Normal, mean, deviation, values)
}

fn random_fill(seed: u64, stream: u64, kind: RandomKind, a: f64, b: f64, values: &mut [f32]) -> Result<()> {
    check_library()?;
    check(unsafe { sys::snn_random_fill(seed, stream, kind as u32, a, b, values.as_mut_ptr(), values.len()) })
}

/// Numbers of a distribution, the same on every platform: for parameters and initial states.
#[doc(alias = "snn_random_draw")]
pub fn random_draw(distribution: &Distribution, seed: u64, stream: u64, values: &mut [f64]) -> Result<()> {
    check_library()?;
    let raw = distribution.raw();
    check(unsafe { sys::snn_random_draw(&raw, seed, stream, values.as_mut_ptr(), values.len()) })
}

/// Turns values into spikes or currents over time; see `SNNEncoderDef`.
#[derive(Clone)]
pub struct Encoder {
    def: sys::SNNEncoderDef,
}

impl Encoder {
    /// Over a number of steps.
    pub fn new(encoding: Encoding, step_count: u32) -> Self {
        let mut def = MaybeUninit::<sys::SNNEncoderDef>::zeroed();
        // A struct of numbers: zeros are valid, and `init` fills in the defaults.
        let mut def = unsafe {
            sys::snn_encoder_def_init(def.as_mut_ptr(), size_of::<sys::SNNEncoderDef>() as u32);
            def.assume_init()
        };
        def.kind = encoding as u32;
        def.step_count = step_count;
        Encoder { def }
    }

    /// Default 1.
    pub fn gain(mut self, gain: f32) -> Self {
        self.def.gain = gain;
        self
    }

    /// Default 0.01.
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.def.threshold = threshold;
        self
    }

    /// Of rate coding; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.def.seed = seed;
        self
    }

    /// Values `[sample][feature]` (for delta coding `[step][sample][feature]`) to `[step][sample][feature]`.
    #[doc(alias = "snn_encode")]
    pub fn encode(&self, values: &[f32], sample_count: usize, feature_count: usize) -> Result<Vec<f32>> {
        check_library()?;
        let steps = self.def.step_count as usize;
        let one_step = sample_count
            .checked_mul(feature_count)
            .filter(|count| count.checked_mul(steps).is_some())
            .ok_or_else(|| Error::invalid(format!("{steps} times {sample_count} times {feature_count} values")))?;
        let frames = if self.def.kind == Encoding::Delta as u32 { steps } else { 1 };
        check_count("values", values.len(), frames * one_step)?;
        let mut encoded = vec![0.0; steps * one_step];
        check(unsafe {
            sys::snn_encode(
                &self.def,
                values.as_ptr(),
                values.len(),
                sample_count,
                feature_count,
                encoded.as_mut_ptr(),
                encoded.len(),
            )
        })?;
        Ok(encoded)
    }
}
