//! C types as the conformance tests know them: names and shapes only. Sizes and offsets are the compiler's business.

/// A number that C passes in one register.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scalar {
    /// As C writes it.
    pub c: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a scalar holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// `double`
    Double,
    /// `float`
    Float,
    /// Two's complement, of so many bits.
    Signed(u32),
    /// Of so many bits.
    Unsigned(u32),
}

/// Every scalar of C, by the names that headers use.
pub const SCALARS: [Scalar; 25] = {
    const fn new(c: &'static str, kind: Kind) -> Scalar {
        Scalar { c, kind }
    }
    [
        new("_Bool", Kind::Bool),
        new("char", Kind::Signed(8)),
        new("signed char", Kind::Signed(8)),
        new("unsigned char", Kind::Unsigned(8)),
        new("short", Kind::Signed(16)),
        new("unsigned short", Kind::Unsigned(16)),
        new("int", Kind::Signed(32)),
        new("unsigned int", Kind::Unsigned(32)),
        new("long", Kind::Signed(64)),
        new("unsigned long", Kind::Unsigned(64)),
        new("long long", Kind::Signed(64)),
        new("unsigned long long", Kind::Unsigned(64)),
        new("float", Kind::Float),
        new("double", Kind::Double),
        new("size_t", Kind::Unsigned(64)),
        new("ssize_t", Kind::Signed(64)),
        new("wchar_t", Kind::Signed(32)),
        new("int8_t", Kind::Signed(8)),
        new("uint8_t", Kind::Unsigned(8)),
        new("int16_t", Kind::Signed(16)),
        new("uint16_t", Kind::Unsigned(16)),
        new("int32_t", Kind::Signed(32)),
        new("uint32_t", Kind::Unsigned(32)),
        new("int64_t", Kind::Signed(64)),
        new("uint64_t", Kind::Unsigned(64)),
    ]
};

/// The scalar of that C name.
pub fn scalar(c: &str) -> Type {
    Type::Scalar(*SCALARS.iter().find(|scalar| scalar.c == c).expect("a scalar"))
}

/// A number that takes more than one register.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wide {
    /// `double _Complex`
    ComplexDouble,
    /// `float _Complex`
    ComplexFloat,
    /// `long double _Complex`
    ComplexLong,
    /// `long double`
    LongDouble,
}

impl Wide {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ComplexDouble, Self::ComplexFloat, Self::ComplexLong, Self::LongDouble];

    /// As C writes it.
    pub const fn c(self) -> &'static str {
        match self {
            Self::ComplexDouble => "double _Complex",
            Self::ComplexFloat => "float _Complex",
            Self::ComplexLong => "long double _Complex",
            Self::LongDouble => "long double",
        }
    }
}

/// A C type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Type {
    /// `T name[length]`, as a member.
    Array(Box<Type>, usize),
    /// The enumeration at that position in [`Types::enumerations`].
    Enumeration(usize),
    /// The struct or union at that position in [`Types::records`].
    Record(usize),
    /// A number.
    Scalar(Scalar),
    /// Nothing, as a result.
    Void,
    /// A wide number.
    Wide(Wide),
}

/// A struct or a union.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its name in Python and in the manifest.
    pub name: String,
    /// How C names it: `struct s1`, `s1`.
    pub c: String,
    /// Its members share their place; the one that counts is `live`.
    pub union: bool,
    /// Without padding.
    pub packed: bool,
    /// Aligned to so many bytes at least.
    pub align: Option<u32>,
    /// In C order.
    pub members: Vec<Member>,
    /// Of a union: the member that is read and written.
    pub live: usize,
}

/// A member of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its name; empty for a bit-field that is only padding.
    pub name: String,
    /// Its type.
    pub of: Type,
    /// How wide a bit-field it is.
    pub bits: Option<u32>,
    /// Aligned to so many bytes at least.
    pub align: Option<u32>,
}

/// An enumeration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Enumeration {
    /// Its name.
    pub name: String,
    /// Names and values.
    pub values: Vec<(String, i64)>,
}

/// All types with a name.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// Structs and unions; those that others contain stand before them.
    pub records: Vec<Record>,
    /// Enumerations.
    pub enumerations: Vec<Enumeration>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The type of its value.
    pub result: Type,
    /// The types of its parameters, those behind `...` included.
    pub parameters: Vec<Type>,
    /// How many parameters stand before `...`.
    pub variadic: Option<usize>,
}

impl Types {
    /// Add a record; its members are called `m0`, `m1`, ….
    pub fn record(&mut self, name: &str, members: Vec<Type>) -> Type {
        let members = members.into_iter().enumerate().map(|(index, of)| Member::new(index, of)).collect();
        self.add(Record::new(name, members))
    }

    /// Add a record that has been made.
    pub fn add(&mut self, record: Record) -> Type {
        self.records.push(record);
        Type::Record(self.records.len() - 1)
    }

    /// A type and a name, as C declares it.
    pub fn declare(&self, of: &Type, name: &str) -> String {
        match of {
            Type::Array(of, length) => self.declare(of, &format!("{name}[{length}]")),
            _ => format!("{} {name}", self.c(of)),
        }
    }

    /// A type, as C names it.
    pub fn c(&self, of: &Type) -> String {
        match of {
            Type::Array(..) => unreachable!("arrays are members, which have names"),
            Type::Enumeration(index) => format!("enum {}", self.enumerations[*index].name),
            Type::Record(index) => self.records[*index].c.clone(),
            Type::Scalar(scalar) => scalar.c.to_owned(),
            Type::Void => "void".to_owned(),
            Type::Wide(wide) => wide.c().to_owned(),
        }
    }

    /// A record's definition.
    pub fn definition(&self, record: &Record) -> String {
        let members: String = record
            .members
            .iter()
            .map(|member| {
                let bits = member.bits.map(|bits| format!(" : {bits}")).unwrap_or_default();
                let align = member.align.map(|align| format!(" _Alignas({align})")).unwrap_or_default();
                format!("{align} {}{bits};", self.declare(&member.of, &member.name))
            })
            .collect();
        let packed = if record.packed { " __attribute__((packed))" } else { "" };
        let align = record.align.map(|align| format!(" __attribute__((aligned({align})))")).unwrap_or_default();
        match record.c.split_once(' ') {
            Some((keyword, tag)) => format!("{keyword}{packed} {tag} {{{members} }}{align};"),
            None => {
                let keyword = if record.union { "union" } else { "struct" };
                format!("typedef {keyword}{packed} {{{members} }}{align} {};", record.c)
            }
        }
    }

    /// A function's prototype, with the parameters `a0`, `a1`, ….
    pub fn prototype(&self, function: &Function) -> String {
        let fixed = function.variadic.unwrap_or(function.parameters.len());
        let mut parameters = self.parameters(&function.parameters[..fixed], 0);
        if function.variadic.is_some() {
            parameters += ", ...";
        } else if parameters.is_empty() {
            parameters += "void";
        }
        format!("{} {}({parameters})", self.c(&function.result), function.name)
    }

    /// Parameters in C, counted from `first`.
    pub fn parameters(&self, parameters: &[Type], first: usize) -> String {
        let declare = |(index, of)| self.declare(of, &format!("a{index}"));
        (first..).zip(parameters).map(declare).collect::<Vec<_>>().join(", ")
    }
}

impl Record {
    /// `struct name` with these members.
    pub fn new(name: &str, members: Vec<Member>) -> Self {
        let c = format!("struct {name}");
        Self { name: name.to_owned(), c, union: false, packed: false, align: None, members, live: 0 }
    }

    /// The members that a value has: of a union, the live one.
    pub fn valued(&self) -> Vec<&Member> {
        let members = if self.union { &self.members[self.live..=self.live] } else { &self.members[..] };
        members.iter().filter(|member| !member.name.is_empty()).collect()
    }
}

impl Member {
    /// `m{index}`
    pub fn new(index: usize, of: Type) -> Self {
        Self { name: format!("m{index}"), of, bits: None, align: None }
    }

    /// A bit-field without a name: padding, or with no bits the end of a unit.
    pub fn unnamed(of: Type, bits: u32) -> Self {
        Self { name: String::new(), bits: Some(bits), ..Self::new(0, of) }
    }

    /// The same member, aligned.
    pub fn aligned(self, align: u32) -> Self {
        Self { align: Some(align), ..self }
    }

    /// A bit-field.
    pub fn bits(index: usize, of: Type, bits: u32) -> Self {
        Self { bits: Some(bits), ..Self::new(index, of) }
    }
}
