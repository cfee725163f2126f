//! Where a record's members stand, as gcc and clang lay them out on x86-64 Linux.
//!
//! Pure arithmetic: [`place`] takes what the members' types need and gives where they are. `tests/layouts.rs` compares it
//! with the C compiler.
//!
//! # Bit-fields
//!
//! A bit-field starts at the next free bit, unless it would then cross more units of its type than its type has; and its
//! type aligns the record. A packed one starts at the next free bit always and aligns nothing. One of width 0 moves to the
//! next unit of its type.
//!
//! [`Bits`] names the bits from `8 * offset + shift` on for `width`, counted from the least significant bit of the record's
//! first byte. For all that are not packed, `offset` is a multiple of the type's size, and reading a number of that size
//! there and shifting it gives the value. For packed ones the unit is moved down so that this stays true (though not
//! aligned) wherever a unit of the type's size fits into the record and around the field. Where none does, because the
//! record is smaller than the type or the field stands across one byte more than its type has, `offset` is the byte that
//! it starts in. [`Bits::load`] and [`Bits::store`] are right for all of them and touch only the bytes that the field
//! stands in, so that they never go past the record's end.

use crate::types::{Bits, Layout};

/// The largest record, in bytes. What one call carries is less.
pub const MAX_RECORD_BYTES: u64 = 1 << 30;

/// How a record is put together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Arrangement {
    /// All members start at offset 0: a union.
    pub union: bool,
    /// `__attribute__((aligned(…)))`: it is aligned to that at least.
    pub align: Option<u64>,
}

/// What a member needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Need {
    /// Size and alignment of its type.
    pub layout: Layout,
    /// The width, if it is a bit-field.
    pub bits: Option<Width>,
    /// It is aligned to one byte, or one bit, because it or the record is packed.
    pub packed: bool,
    /// It is aligned to that at least, packed or not.
    pub align: Option<u64>,
}

/// The width of a bit-field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Width {
    /// In bits, at most as many as its type has.
    pub bits: u32,
    /// It has a name.
    pub named: bool,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MemberOffset {
    /// Its offset in the record, in bytes.
    pub offset: u64,
    /// Its bits, if it is a bit-field.
    pub bits: Option<Bits>,
}

/// The layout of a record and the places of its members; `None` if it is larger than [`MAX_RECORD_BYTES`].
pub fn place(shape: Arrangement, members: &[Need]) -> Option<(Layout, Vec<MemberOffset>)> {
    let mut align = shape.align.unwrap_or(1);
    let mut end = 0u64;
    let mut starts = Vec::with_capacity(members.len());
    for member in members {
        let start = member.start(if shape.union { 0 } else { end })?;
        align = align.max(member.record_align());
        end = end.max(start.checked_add(member.size_bits()?)?);
        starts.push(start);
    }
    let size = end.div_ceil(8).checked_next_multiple_of(align)?;
    if size > MAX_RECORD_BYTES {
        return None;
    }
    let places = members.iter().zip(starts).map(|(member, start)| member.place(start, size)).collect();
    Some((Layout { size, align }, places))
}

impl Need {
    /// The bit at which it starts, if all bits before `free` are taken.
    fn start(&self, free: u64) -> Option<u64> {
        let unit = self.layout.size.checked_mul(8)?;
        match self.bits {
            None => free.checked_next_multiple_of(self.byte_align() * 8),
            Some(Width { bits: 0, .. }) => free.checked_next_multiple_of(self.layout.align * 8),
            Some(_) if self.packed => Some(free),
            Some(Width { bits, .. }) if free % unit + u64::from(bits) > unit => free.checked_next_multiple_of(unit),
            Some(_) => Some(free),
        }
    }

    fn size_bits(&self) -> Option<u64> {
        match self.bits {
            Some(width) => Some(u64::from(width.bits)),
            None => self.layout.size.checked_mul(8),
        }
    }

    /// What the record is aligned to because of this member.
    fn record_align(&self) -> u64 {
        match self.bits {
            // Unnamed bit-fields align nothing.
            Some(width) if !width.named => 1,
            // Packing has no influence on bit-fields of width 0.
            Some(Width { bits: 0, .. }) => self.layout.align,
            Some(_) if self.packed => 1,
            Some(_) => self.layout.align,
            None => self.byte_align(),
        }
    }

    fn byte_align(&self) -> u64 {
        let natural = if self.packed { 1 } else { self.layout.align };
        self.align.map_or(natural, |align| align.max(natural))
    }

    fn place(&self, start: u64, size: u64) -> MemberOffset {
        let Some(width) = self.bits else { return MemberOffset { offset: start / 8, bits: None } };
        let unit = self.layout.size;
        let holds = |offset: u64| offset + unit <= size && start + u64::from(width.bits) <= (offset + unit) * 8;
        let aligned = start / 8 / unit * unit;
        let moved = (start / 8).min(size.saturating_sub(unit));
        let offset = [aligned, moved].into_iter().find(|offset| holds(*offset)).unwrap_or(start / 8);
        let shift = (start - offset * 8) as u32; // less than 8 * 8: `offset` is less than a unit away
        MemberOffset { offset, bits: Some(Bits { shift, width: width.bits }) }
    }
}

impl Bits {
    /// The smallest and largest value it can have.
    pub fn bounds(self, signed: bool) -> (i128, i128) {
        let values = 1i128 << self.width.min(64);
        if signed { (-values / 2, values / 2 - 1) } else { (0, values - 1) }
    }

    /// Its value in a record's bytes, where `offset` is its member's; `None` if it stands outside of them.
    pub fn load(self, record: &[u8], offset: u64, signed: bool) -> Option<i128> {
        let (first, shift, count) = self.bytes(offset)?;
        let mut word = [0; 16];
        word[..count].copy_from_slice(record.get(first..first.checked_add(count)?)?);
        let value = (u128::from_le_bytes(word) >> shift) as i128 & self.mask();
        let negative = signed && value >> (self.width - 1) & 1 == 1;
        Some(if negative { value - (1i128 << self.width) } else { value })
    }

    /// Sets it in a record's bytes to the low bits of a value; `None` if it stands outside of them.
    pub fn store(self, record: &mut [u8], offset: u64, value: i128) -> Option<()> {
        let (first, shift, count) = self.bytes(offset)?;
        let place = record.get_mut(first..first.checked_add(count)?)?;
        let mut word = [0; 16];
        word[..count].copy_from_slice(place);
        let others = u128::from_le_bytes(word) & !((self.mask() as u128) << shift);
        let word = others | ((value & self.mask()) as u128) << shift;
        place.copy_from_slice(&word.to_le_bytes()[..count]);
        Some(())
    }

    /// The first byte it stands in, its first bit there, and how many bytes it stands in: at most nine.
    fn bytes(self, offset: u64) -> Option<(usize, u32, usize)> {
        let shift = self.shift % 8;
        let first = usize::try_from(offset).ok()?.checked_add(self.shift as usize / 8)?;
        let fits = (1..=64).contains(&self.width);
        fits.then(|| (first, shift, (shift + self.width).div_ceil(8) as usize))
    }

    fn mask(self) -> i128 {
        (1i128 << self.width) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scalar;
    use proptest::prelude::*;

    fn plain(scalar: Scalar) -> Need {
        Need { layout: Layout::of(scalar), bits: None, packed: false, align: None }
    }

    fn field(scalar: Scalar, bits: u32) -> Need {
        Need { bits: Some(Width { bits, named: true }), ..plain(scalar) }
    }

    fn packed(need: Need) -> Need {
        Need { packed: true, ..need }
    }

    fn offsets(members: &[Need]) -> (u64, u64, Vec<u64>) {
        let (layout, places) = place(Arrangement::default(), members).unwrap();
        (layout.size, layout.align, places.iter().map(|place| place.offset).collect())
    }

    fn bits(members: &[Need]) -> Vec<(u64, u32, u32)> {
        let (_, places) = place(Arrangement::default(), members).unwrap();
        let one = |place: &MemberOffset| place.bits.map(|bits| (place.offset, bits.shift, bits.width));
        places.iter().filter_map(one).collect()
    }

    #[test]
    fn members_are_aligned() {
        assert_eq!(offsets(&[plain(Scalar::I8), plain(Scalar::F64), plain(Scalar::I16)]), (24, 8, vec![0, 8, 16]));
        assert_eq!(offsets(&[packed(plain(Scalar::I8)), packed(plain(Scalar::F64))]), (9, 1, vec![0, 1]));
        let two = Need { align: Some(2), ..packed(plain(Scalar::I32)) };
        assert_eq!(offsets(&[plain(Scalar::I8), two]), (6, 2, vec![0, 2]));
        let union = Arrangement { union: true, align: None };
        assert_eq!(place(union, &[plain(Scalar::I8), plain(Scalar::I32)]).unwrap().0, Layout { size: 4, align: 4 });
        let aligned = Arrangement { union: false, align: Some(16) };
        assert_eq!(place(aligned, &[plain(Scalar::I8)]).unwrap().0, Layout { size: 16, align: 16 });
    }

    #[test]
    fn bit_fields_share_units() {
        assert_eq!(bits(&[field(Scalar::U32, 3), field(Scalar::U32, 30)]), [(0, 0, 3), (4, 0, 30)]);
        assert_eq!(bits(&[plain(Scalar::I8), field(Scalar::U32, 7)]), [(0, 8, 7)]);
        assert_eq!(bits(&[field(Scalar::U32, 3), field(Scalar::U32, 0), field(Scalar::U8, 1)])[2], (4, 0, 1));
    }

    #[test]
    fn packed_bit_fields_stay_inside_the_record() {
        // Two bytes in all: a unit of four does not fit.
        assert_eq!(bits(&[packed(field(Scalar::U32, 3)), packed(field(Scalar::U32, 12))]), [(0, 0, 3), (0, 3, 12)]);
        // 9 bytes: the unit of the second one is moved down from 8 to 5.
        let moved = [packed(plain(Scalar::U64)), packed(field(Scalar::U32, 8))];
        assert_eq!(bits(&moved), [(5, 24, 8)]);
        // It stands in five bytes, one more than its type has.
        assert_eq!(bits(&[packed(field(Scalar::U32, 3)), packed(field(Scalar::U32, 30))])[1], (0, 3, 30));
    }

    #[test]
    fn huge_records_are_refused() {
        let huge = Need { layout: Layout { size: MAX_RECORD_BYTES + 1, align: 1 }, ..plain(Scalar::U8) };
        assert_eq!(place(Arrangement::default(), &[huge]), None);
        let huge = Need { layout: Layout { size: u64::MAX, align: 1 }, ..plain(Scalar::U8) };
        assert_eq!(place(Arrangement::default(), &[huge, huge]), None);
    }

    #[test]
    fn bits_outside_the_record_are_refused() {
        for bits in [Bits { shift: 0, width: 9 }, Bits { shift: 8, width: 1 }, Bits { shift: 0, width: 0 }] {
            assert_eq!(bits.load(&[255], 0, false), None);
            assert_eq!(bits.store(&mut [255], 0, 1), None);
        }
        assert_eq!(Bits { shift: 0, width: 1 }.load(&[255], u64::MAX, false), None);
    }

    proptest! {
        #[test]
        fn what_is_stored_is_loaded(shift in 0u32..64, width in 1u32..=64, offset in 0u64..8, value in any::<i64>(), fill in any::<u8>()) {
            let bits = Bits { shift, width };
            let mut record = [fill; 24];
            bits.store(&mut record, offset, i128::from(value)).unwrap();
            let mask = (1i128 << width) - 1;
            prop_assert_eq!(bits.load(&record, offset, false).unwrap(), i128::from(value) & mask);
            let signed = bits.load(&record, offset, true).unwrap();
            prop_assert_eq!(signed & mask, i128::from(value) & mask);
            let (least, most) = bits.bounds(true);
            prop_assert!(least <= signed && signed <= most);
            // Nothing else has changed.
            bits.store(&mut record, offset, 0).unwrap();
            let mut cleared = [fill; 24];
            for bit in 0..width as usize {
                let at = offset as usize * 8 + shift as usize + bit;
                cleared[at / 8] &= !(1 << (at % 8));
            }
            prop_assert_eq!(record, cleared);
        }
    }
}
