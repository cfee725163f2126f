//! Dates and times. Their classes are native and not in reach of Rust, so they are read and made through Python's interface.

use super::message_error;
use super::refusal::{Unsendable, Why};
use cloison_message::{CalendarDate, ClockTime, FixedOffset, Span, Writer};
use rustpython_vm::builtins::{PyStr, PyStrInterned, PyTuple, PyTypeRef};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;

/// The classes of module `_datetime`, and the names of what they have.
pub(super) struct Moments {
    date: PyTypeRef,
    time: PyTypeRef,
    datetime: PyTypeRef,
    timedelta: PyTypeRef,
    timezone: PyTypeRef,
    names: Names,
}

struct Names {
    year: &'static PyStrInterned,
    month: &'static PyStrInterned,
    day: &'static PyStrInterned,
    hour: &'static PyStrInterned,
    minute: &'static PyStrInterned,
    second: &'static PyStrInterned,
    microsecond: &'static PyStrInterned,
    fold: &'static PyStrInterned,
    tzinfo: &'static PyStrInterned,
    days: &'static PyStrInterned,
    seconds: &'static PyStrInterned,
    microseconds: &'static PyStrInterned,
}

/// A zone as it is read: microseconds, name.
type Zone = (i64, Option<String>);

thread_local! {
    /// Never dropped: at the end of the thread there is no interpreter any more that could free the classes.
    static MOMENTS: Cell<Option<&'static Moments>> = const { Cell::new(None) };
}

impl Moments {
    pub(super) fn get(vm: &VirtualMachine) -> PyResult<&'static Self> {
        match MOMENTS.get() {
            Some(moments) => Ok(moments),
            None => Self::find(vm),
        }
    }

    #[cold]
    fn find(vm: &VirtualMachine) -> PyResult<&'static Self> {
        let module = vm.import("_datetime", 0)?;
        let class = |name: &'static str| {
            module.get_attr(name, vm)?.downcast().map_err(|_| vm.new_type_error(format!("{name} is no class")))
        };
        let name = |name: &'static str| vm.ctx.intern_str(name);
        let moments = Box::leak(Box::new(Self {
            date: class("date")?,
            time: class("time")?,
            datetime: class("datetime")?,
            timedelta: class("timedelta")?,
            timezone: class("timezone")?,
            names: Names {
                year: name("year"),
                month: name("month"),
                day: name("day"),
                hour: name("hour"),
                minute: name("minute"),
                second: name("second"),
                microsecond: name("microsecond"),
                fold: name("fold"),
                tzinfo: name("tzinfo"),
                days: name("days"),
                seconds: name("seconds"),
                microseconds: name("microseconds"),
            },
        }));
        MOMENTS.set(Some(moments));
        Ok(moments)
    }

    /// Write a value if it is of one of the classes; `false` if it is not.
    pub(super) fn write(
        &self,
        writer: &mut Writer,
        value: &PyObject,
        vm: &VirtualMachine,
    ) -> Result<bool, Box<Unsendable>> {
        let class = value.class();
        let raised = |error| Unsendable::new(Why::Raised(error));
        if class.is(&self.datetime) {
            let zone = self.zone(value, vm)?;
            let date = self.calendar(value, vm).map_err(raised)?;
            writer.datetime(date, &self.clock(value, zone.as_ref(), vm).map_err(raised)?);
        } else if class.is(&self.date) {
            writer.date(self.calendar(value, vm).map_err(raised)?);
        } else if class.is(&self.time) {
            let zone = self.zone(value, vm)?;
            writer.time(&self.clock(value, zone.as_ref(), vm).map_err(raised)?);
        } else if class.is(&self.timedelta) {
            writer.timedelta(self.span(value, vm).map_err(raised)?);
        } else if class.is(&self.timezone) {
            let zone = self.offset(value, vm)?;
            writer.timezone(&borrowed(&zone));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn calendar(&self, value: &PyObject, vm: &VirtualMachine) -> PyResult<CalendarDate> {
        let Names { year, month, day, .. } = self.names;
        Ok(CalendarDate {
            year: value.get_attr(year, vm)?.try_to_value(vm)?,
            month: value.get_attr(month, vm)?.try_to_value(vm)?,
            day: value.get_attr(day, vm)?.try_to_value(vm)?,
        })
    }

    fn clock<'a>(&self, value: &PyObject, zone: Option<&'a Zone>, vm: &VirtualMachine) -> PyResult<ClockTime<'a>> {
        let Names { hour, minute, second, microsecond, fold, .. } = self.names;
        let fold: u8 = value.get_attr(fold, vm)?.try_to_value(vm)?;
        Ok(ClockTime {
            hour: value.get_attr(hour, vm)?.try_to_value(vm)?,
            minute: value.get_attr(minute, vm)?.try_to_value(vm)?,
            second: value.get_attr(second, vm)?.try_to_value(vm)?,
            microsecond: value.get_attr(microsecond, vm)?.try_to_value(vm)?,
            fold: fold != 0,
            offset: zone.map(borrowed),
        })
    }

    fn span(&self, value: &PyObject, vm: &VirtualMachine) -> PyResult<Span> {
        let Names { days, seconds, microseconds, .. } = self.names;
        Ok(Span {
            days: value.get_attr(days, vm)?.try_to_value(vm)?,
            seconds: value.get_attr(seconds, vm)?.try_to_value(vm)?,
            microseconds: value.get_attr(microseconds, vm)?.try_to_value(vm)?,
        })
    }

    /// The zone of a time or datetime.
    fn zone(&self, value: &PyObject, vm: &VirtualMachine) -> Result<Option<Zone>, Box<Unsendable>> {
        let zone = value.get_attr(self.names.tzinfo, vm).map_err(|error| Unsendable::new(Why::Raised(error)))?;
        if vm.is_none(&zone) {
            return Ok(None);
        }
        if !zone.class().is(&self.timezone) {
            let (name, zone) = (value.class().name(), zone.class().name());
            let hint = "only those of a fixed offset are, so send value.astimezone(datetime.UTC)".to_owned();
            return Err(Unsendable::new(Why::Type(format!("{} whose tzinfo is of class {}", &*name, &*zone), hint)));
        }
        self.offset(&zone, vm).map(Some)
    }

    fn offset(&self, zone: &PyObject, vm: &VirtualMachine) -> Result<Zone, Box<Unsendable>> {
        let raised = |error| Unsendable::new(Why::Raised(error));
        let parts = vm.call_method(zone, "__getinitargs__", ()).map_err(raised)?;
        let parts = parts.downcast_ref_if_exact::<PyTuple>(vm).map_or(&[][..], |parts| parts.as_slice());
        let [delta, name @ ..] = parts else {
            return Err(raised(vm.new_type_error("a timezone without an offset")));
        };
        let span = self.span(delta, vm).map_err(raised)?;
        let seconds = i64::from(span.days) * 86_400 + i64::from(span.seconds);
        let name = match name.first().and_then(|name| name.downcast_ref::<PyStr>()) {
            None => None,
            Some(name) => match name.to_str() {
                Some(name) => Some(name.to_owned()),
                None => {
                    let hint = "its name is not Unicode".to_owned();
                    return Err(Unsendable::new(Why::Type("timezone".to_owned(), hint)));
                }
            },
        };
        Ok((seconds * 1_000_000 + i64::from(span.microseconds), name))
    }

    pub(super) fn new_date(&self, date: CalendarDate, vm: &VirtualMachine) -> PyResult {
        self.date.as_object().call((date.year, date.month, date.day), vm)
    }

    pub(super) fn new_time(&self, time: &ClockTime<'_>, vm: &VirtualMachine) -> PyResult {
        let mut args = Vec::with_capacity(5);
        let keywords = self.clock_args(time, &mut args, vm)?;
        self.time.as_object().call(FuncArgs::new(args, keywords), vm)
    }

    pub(super) fn new_datetime(&self, date: CalendarDate, time: &ClockTime<'_>, vm: &VirtualMachine) -> PyResult {
        let number = |number: u32| PyObjectRef::from(vm.ctx.new_int(number));
        let mut args = Vec::with_capacity(8);
        args.extend([number(date.year.into()), number(date.month.into()), number(date.day.into())]);
        let keywords = self.clock_args(time, &mut args, vm)?;
        self.datetime.as_object().call(FuncArgs::new(args, keywords), vm)
    }

    fn clock_args(&self, time: &ClockTime<'_>, args: &mut Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult<KwArgs> {
        for number in [time.hour.into(), time.minute.into(), time.second.into(), time.microsecond] {
            args.push(vm.ctx.new_int(number).into());
        }
        args.push(match &time.offset {
            None => vm.ctx.none(),
            Some(offset) => self.new_timezone(offset, vm)?,
        });
        let fold = time.fold.then(|| ("fold".to_owned(), vm.ctx.new_int(1).into()));
        Ok(fold.into_iter().collect())
    }

    pub(super) fn new_timedelta(&self, span: Span, vm: &VirtualMachine) -> PyResult {
        self.timedelta.as_object().call((span.days, span.seconds, span.microseconds), vm)
    }

    pub(super) fn new_timezone(&self, offset: &FixedOffset<'_>, vm: &VirtualMachine) -> PyResult {
        let (seconds, microseconds) =
            (offset.microseconds.div_euclid(1_000_000), offset.microseconds.rem_euclid(1_000_000));
        let delta = self.timedelta.as_object().call((0, seconds, microseconds), vm)?;
        let made = match offset.name {
            None => self.timezone.as_object().call((delta,), vm),
            Some(name) => self.timezone.as_object().call((delta, vm.ctx.new_str(name)), vm),
        };
        made.map_err(|error| message_error(&format!("a timezone can't be made: {}", error.class().name()), vm))
    }
}

fn borrowed((microseconds, name): &Zone) -> FixedOffset<'_> {
    FixedOffset { microseconds: *microseconds, name: name.as_deref() }
}
