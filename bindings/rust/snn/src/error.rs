use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::c_char;
use std::path::Path;

use crate::sys;
use crate::Status;

/// What went wrong: a status, and the sentence of libsnn that names the argument and its value.
#[doc(alias = "snn_last_error")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: Status,
    sentence: String,
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The kind of error.
    pub fn status(&self) -> Status {
        self.status
    }

    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Error { status: Status::InvalidArgument, sentence: sentence.into() }
    }

    /// The last error of libsnn on this thread.
    #[cold]
    fn last(status: i32) -> Self {
        let sentence = unsafe { CStr::from_ptr(sys::snn_last_error()) };
        Error {
            status: Status::from_raw(status).unwrap_or(Status::Internal),
            sentence: sentence.to_string_lossy().into_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}

#[inline]
pub(crate) fn check(status: i32) -> Result<()> {
    if status == sys::SNN_OK {
        Ok(())
    } else {
        Err(Error::last(status))
    }
}

/// Whether the library that is loaded is one that this crate was made for; asked by everything that makes something.
pub(crate) fn check_library() -> Result<()> {
    let found = unsafe { sys::snn_abi_version() };
    if found == sys::SNN_ABI_VERSION {
        return Ok(());
    }
    Err(Error {
        status: Status::Version,
        sentence: format!(
            "libsnn has ABI version {found}, this crate was made for version {}",
            sys::SNN_ABI_VERSION
        ),
    })
}

/// Calls `function` with a zero-terminated copy; names as short as they are in a frame need no allocation.
pub(crate) fn with_c_string<T>(text: &str, function: impl FnOnce(*const c_char) -> Result<T>) -> Result<T> {
    const SHORT: usize = 192;
    let bytes = text.as_bytes();
    if bytes.contains(&0) {
        return Err(Error::invalid(format!("{text:?} contains a zero byte")));
    }
    if bytes.len() < SHORT {
        let mut copy = [0u8; SHORT];
        copy[..bytes.len()].copy_from_slice(bytes);
        function(copy.as_ptr().cast())
    } else {
        let copy = CString::new(bytes).expect("zero bytes were looked for");
        function(copy.as_ptr())
    }
}

/// The same for something that may be missing, which is a null pointer.
pub(crate) fn with_optional_c_string<T>(
    text: Option<&str>,
    function: impl FnOnce(*const c_char) -> Result<T>,
) -> Result<T> {
    match text {
        Some(text) => with_c_string(text, function),
        None => function(std::ptr::null()),
    }
}

pub(crate) fn path_text(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| Error::invalid(format!("the path {path:?} is not valid Unicode")))
}

/// Borrowed text of the library, which is UTF-8; null is none.
pub(crate) unsafe fn borrowed_text<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    Some(CStr::from_ptr(text).to_str().expect("text of libsnn is UTF-8"))
}

/// A borrowed array of the library; null is empty.
pub(crate) unsafe fn borrowed_slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if data.is_null() || count == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, count)
    }
}

/// Calls a function that gives its count first (with a null array) and its values then.
pub(crate) fn read_counted<T: Clone + Default>(
    mut function: impl FnMut(*mut T, *mut usize) -> i32,
) -> Result<Vec<T>> {
    let mut count = 0;
    check(function(std::ptr::null_mut(), &mut count))?;
    let mut values = vec![T::default(); count];
    check(function(values.as_mut_ptr(), &mut count))?;
    values.truncate(count);
    Ok(values)
}
