//! What Task Manager and Windows' settings say of a program that starts at login.

/// Whether they let it start, by the value they keep of it: bit 0 of its first byte says that the person switched it off, and
/// the rest since when. (The format is not documented; that even first bytes mean "on" is what Task Manager itself goes by.)
pub(super) fn lets_start(value: Option<&[u8]>) -> bool {
    value.and_then(<[u8]>::first).is_none_or(|first| first & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_task_manager_switched_off_does_not_start() {
        let check = |value: Option<&[u8]>, expected: bool| assert_eq!(lets_start(value), expected, "{value:?}");
        check(None, true);
        check(Some(&[]), true);
        check(Some(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), true);
        check(Some(&[6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), true);
        check(Some(&[3, 0, 0, 0, 0x62, 0x9f, 0xb4, 0x1c, 0x8e, 0x5d, 0xda, 1]), false);
        check(Some(&[7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), false);
    }
}
