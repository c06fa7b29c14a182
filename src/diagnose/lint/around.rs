//! What is around the code that is followed: handlers of errors, loops, and ways out before it.

use super::walk::Walk;

/// What is around the code, as far as it may keep the code from running or from failing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// How many handlers of an `IndexError` are around it.
    pub(super) index_guards: usize,
    /// How many handlers of errors of files are around it.
    pub(super) file_guards: usize,
    /// How many handlers of any errors are around it after which the script goes on.
    pub(super) guards: usize,
    /// How many loops are around it that may have no round.
    pub(super) loops: usize,
    /// Whether the function may have returned before it, or the script may have ended well.
    pub(super) may_have_left: bool,
}

/// How sure it is that a call happens, and that its errors end the script.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Certainty {
    /// Whether it happens whatever the script is given, if no loop and no way out keeps it from that.
    pub(super) is_sure: bool,
    /// Whether no handler is around it.
    pub(super) is_unguarded: bool,
    /// Whether it surely happens, and nothing handles its errors.
    pub(super) is_certain: bool,
}

impl Certainty {
    /// That of several calls: what holds for one of them.
    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            is_sure: self.is_sure || other.is_sure,
            is_unguarded: self.is_unguarded || other.is_unguarded,
            is_certain: self.is_certain || other.is_certain,
        }
    }
}

impl Around {
    /// What is around the body of a function that is called so.
    pub(super) fn of_calls(certainty: Certainty) -> Self {
        let guards = usize::from(!certainty.is_unguarded);
        Self {
            index_guards: guards,
            file_guards: guards,
            guards,
            loops: 0,
            may_have_left: !certainty.is_certain,
        }
    }
}

impl Walk<'_> {
    /// How sure it is that the code runs.
    pub(super) const fn certainty(&self) -> Certainty {
        let around = &self.around;
        let is_unguarded = around.guards == 0;
        Certainty {
            is_sure: self.is_sure,
            is_unguarded,
            is_certain: self.is_sure && is_unguarded && around.loops == 0 && !around.may_have_left,
        }
    }

    /// The same for code that something else calls, if it calls it.
    pub(super) const fn certainty_of_others(&self) -> Certainty {
        Certainty {
            is_certain: false,
            ..self.certainty()
        }
    }

    /// Notes that the function returns here, or that the script ends well.
    pub(super) const fn leaves(&mut self) {
        self.around.may_have_left |= !self.is_sure || self.around.loops > 0;
    }
}
