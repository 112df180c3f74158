//! The C interface of libsnn as it is declared in `snn.h`, which is its manual. The crate `snn` is the safe one.
//!
//! The library is found when linking in the folder `SNN_LIB_DIR`, or by pkg-config, or where the linker looks by itself;
//! when running, where the system looks for shared libraries.
#![allow(non_camel_case_types)]

/// Name, size, alignment and offsets of a struct, for the test below.
#[cfg(test)]
macro_rules! layout {
    ($name:ident: $($field:ident),*) => {{
        let memory = std::mem::MaybeUninit::<$name>::uninit();
        let start = memory.as_ptr();
        let offsets = unsafe { vec![$(std::ptr::addr_of!((*start).$field) as usize - start as usize),*] };
        (stringify!($name), std::mem::size_of::<$name>(), std::mem::align_of::<$name>(), offsets)
    }};
}

mod declarations;
pub use declarations::*;

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn structs_lie_as_a_c_compiler_lays_them() {
        let expected: Vec<_> = crate::declarations::LAYOUTS
            .iter()
            .map(|(name, size, alignment, offsets)| (*name, *size, *alignment, offsets.to_vec()))
            .collect();
        assert_eq!(crate::declarations::layouts(), expected);
    }

    #[test]
    fn the_library_has_the_version_of_the_declarations() {
        assert_eq!(unsafe { crate::snn_abi_version() }, crate::SNN_ABI_VERSION);
    }
}
