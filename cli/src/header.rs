//! C headers, read for `cloison bind` and `cloison check --verify`.
//!
//! ```text
//!  zlib.h ──cc -E -dD──▶ one text with line markers ──lang-c──▶ syntax tree ──▶ Header
//!          (preprocess)                        (split, parse)           (read)
//! ```
//!
//! The local compiler finds the file, expands macros and says from which file each line is; `lang-c` knows C's grammar.
//! [`Header`] keeps what a binding needs: functions, named types and constants, in the header's order. Nothing here is
//! trusted more than a person's own typing: what comes out is a draft, or is compared.

mod compiler;
mod evaluate;
mod parse;
mod preprocess;
mod read;
mod split;
mod types;

pub use compiler::Compiler;
pub use evaluate::ConstantValue;
pub use preprocess::include;
pub use types::{HeaderFunction, HeaderParameter, HeaderRecord, HeaderType, is_known, words};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The stack of the thread that reads a header, in bytes: what the deepest declaration needs, several times over.
const STACK: usize = 512 << 20;

/// What a header declares.
#[derive(Debug, Default)]
pub struct Header {
    /// The header itself.
    pub path: PathBuf,
    /// Functions of the header and of what belongs to it, in their order.
    pub functions: Vec<HeaderFunction>,
    /// Every typedef there is, those of the system's headers included.
    pub typedefs: BTreeMap<String, HeaderType>,
    /// Structs and unions by what they are called in [`HeaderType::Tagged`].
    pub records: BTreeMap<String, HeaderRecord>,
    /// The C text of enums that have a name, by what they are called in [`HeaderType::Tagged`].
    pub enums: BTreeMap<String, HeaderRecord>,
    /// Macros that are values, and the values of enums without a name.
    pub constants: Vec<(String, ConstantValue)>,
    /// Functions that have a body in the header, and so no symbol.
    pub inline: Vec<String>,
    /// Declarations that could not be read.
    pub unread: Vec<String>,
    /// The files that declare functions, in the order in which they are included.
    pub files: Vec<Declaring>,
}

/// A file that declares functions.
#[derive(Debug)]
pub struct Declaring {
    pub path: PathBuf,
    /// How many.
    pub functions: usize,
    /// It counts as the header's own.
    pub own: bool,
}

impl Header {
    /// Read a header. `name` is a path, or what stands between `<` and `>`. What is declared counts if it is in the header
    /// itself, in what belongs to it (`Unit::parts`), or in a file that `also` accepts.
    pub fn read(name: &str, compiler: &Compiler, also: &dyn Fn(&Path) -> bool) -> anyhow::Result<Self> {
        let unit = preprocess::preprocess(compiler, name, also)?;
        // Parser and reader go as deep as declarations are nested, which `split` bounds; so is what they need for it.
        let read = || parse::parse(&unit).map(|parsed| read::header(&unit, &parsed));
        let header = std::thread::scope(|scope| {
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read).map(|reader| reader.join())
        })?;
        let mut header = header.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        header.path = unit.header;
        Ok(header)
    }

    /// What a type stands for: no name of a typedef any more, except those that are numbers everywhere (`size_t`).
    pub fn resolve<'h>(&'h self, mut c_type: &'h HeaderType) -> &'h HeaderType {
        let mut steps = 0;
        while let HeaderType::Named(name) = c_type
            && !types::is_known(name)
            && let Some(next) = self.typedefs.get(name)
            && steps < 64
        {
            c_type = next;
            steps += 1;
        }
        c_type
    }

    /// What the type at the end of a pointer stands for, and whether it is `const`.
    pub fn pointee<'h>(&'h self, c_type: &'h HeaderType) -> Option<(&'h HeaderType, bool)> {
        match self.resolve(c_type) {
            HeaderType::Pointer { to, constant } => Some((self.resolve(to), *constant)),
            HeaderType::Array { of, constant, .. } => Some((self.resolve(of), *constant)),
            _ => None,
        }
    }
}
