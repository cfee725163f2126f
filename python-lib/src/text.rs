//! Have forks inherit the page tables of the program's text.
//!
//! A fork copies page tables of anonymous memory only; a child finds the pages of its own program again by faulting, one
//! group of 16 after another, some 120 times before it has run its first line of Python. The kernel does copy the tables of
//! a file's mapping when a page in it has become anonymous, that is, has been written to (`vma_needs_copy`). So
//! one byte of the text is written over with itself, before the sandbox forbids that.

use std::io;
use std::ops::Range;

const PAGE: usize = 4096;

/// Write one byte of the program's text over with itself. Failing costs time only.
pub fn inherit_page_tables() -> io::Result<()> {
    let within = inherit_page_tables as fn() -> io::Result<()> as usize;
    // The whole of it, or else the mapping would be cut in three, and one page have what all should.
    let Some(text) = segment(within) else { return Ok(()) };
    protect(&text, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC)?;
    let byte = within as *mut u8;
    // SAFETY: it lies in the segment, which is mapped, and writable since a moment ago; the byte that is written is the one
    // that is there, so whoever executes it meanwhile sees no difference.
    unsafe { byte.write_volatile(byte.read_volatile()) };
    protect(&text, libc::PROT_READ | libc::PROT_EXEC)
}

/// The pages of the loaded segment of this program that an address lies in.
fn segment(within: usize) -> Option<Range<usize>> {
    struct Search {
        within: usize,
        found: Option<Range<usize>>,
    }
    extern "C" fn visit(info: *mut libc::dl_phdr_info, _: libc::size_t, search: *mut libc::c_void) -> libc::c_int {
        // SAFETY: dl_iterate_phdr passes a description that is valid during this call, whose headers are an array of that
        // length, and the pointer that it was given, which is to a Search that nobody else uses meanwhile.
        let (base, headers, search) = unsafe {
            let info = &*info;
            let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
            (info.dlpi_addr as usize, headers, &mut *search.cast::<Search>())
        };
        for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD) {
            let start = base + header.p_vaddr as usize;
            let end = start + header.p_memsz as usize;
            if (start..end).contains(&search.within) {
                search.found = Some(start & !(PAGE - 1)..end.next_multiple_of(PAGE));
                return 1;
            }
        }
        0
    }
    let mut search = Search { within, found: None };
    // SAFETY: the callback does not unwind, and the pointer is to a local that outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

fn protect(pages: &Range<usize>, protection: libc::c_int) -> io::Result<()> {
    // SAFETY: the pages are this program's text, which stays readable and executable throughout.
    match unsafe { libc::mprotect(pages.start as *mut libc::c_void, pages.len(), protection) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
