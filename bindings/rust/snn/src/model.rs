use std::os::raw::c_char;

use crate::error::{check, check_library, with_c_string};
use crate::{sys, Result};

/// A neuron model, a surrogate or a plasticity rule. Shared by reference count; any thread may use it.
#[derive(Debug)]
pub struct Model {
    handle: sys::SNNModel,
}

// snn.h: "networks, models: any thread".
unsafe impl Send for Model {}
unsafe impl Sync for Model {}

impl Model {
    /// From its op list, a JSON document (`docs/model-format.md`). It is checked completely.
    #[doc(alias = "snn_model_load")]
    pub fn load(text: &str) -> Result<Self> {
        check_library()?;
        let mut handle = std::ptr::null_mut();
        check(unsafe { sys::snn_model_load(text.as_ptr().cast::<c_char>(), text.len(), &mut handle) })?;
        Ok(Model { handle })
    }

    /// A built-in neuron model: `"lif"`.
    #[doc(alias = "snn_model_builtin")]
    pub fn builtin(name: &str) -> Result<Self> {
        Self::builtin_of_kind(name, 0)
    }

    /// A built-in surrogate: `"arctan"`.
    #[doc(alias = "snn_model_builtin")]
    pub fn builtin_surrogate(name: &str) -> Result<Self> {
        Self::builtin_of_kind(name, 1)
    }

    /// A built-in plasticity rule: `"pair_stdp"`.
    #[doc(alias = "snn_model_builtin")]
    pub fn builtin_plasticity(name: &str) -> Result<Self> {
        Self::builtin_of_kind(name, 2)
    }

    fn builtin_of_kind(name: &str, kind: u32) -> Result<Self> {
        check_library()?;
        let mut handle = std::ptr::null_mut();
        with_c_string(name, |name| check(unsafe { sys::snn_model_builtin(name, kind, &mut handle) }))?;
        Ok(Model { handle })
    }

    /// The op list, a JSON document.
    #[doc(alias = "snn_model_text")]
    pub fn text(&self) -> Result<&str> {
        let (mut text, mut size) = (std::ptr::null(), 0);
        check(unsafe { sys::snn_model_text(self.handle, &mut text, &mut size) })?;
        let bytes = unsafe { crate::error::borrowed_slice(text.cast::<u8>(), size) };
        Ok(std::str::from_utf8(bytes).expect("text of libsnn is UTF-8"))
    }

    /// Takes over one reference.
    pub(crate) unsafe fn from_handle(handle: sys::SNNModel) -> Self {
        Model { handle }
    }

    pub(crate) fn handle(&self) -> sys::SNNModel {
        self.handle
    }
}

impl Clone for Model {
    #[doc(alias = "snn_model_retain")]
    fn clone(&self) -> Self {
        check(unsafe { sys::snn_model_retain(self.handle) }).expect("a model that lives can be shared");
        Model { handle: self.handle }
    }
}

impl Drop for Model {
    #[doc(alias = "snn_model_release")]
    fn drop(&mut self) {
        unsafe { sys::snn_model_release(self.handle) }
    }
}
