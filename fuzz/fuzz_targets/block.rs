#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = probity_fuzz_entry::block(bytes);
});
