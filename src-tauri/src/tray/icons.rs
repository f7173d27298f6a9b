//! The pictures of the states.

use std::io::Cursor;

use crate::desktop::Icon;

/// What the icon stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    Dark,
    Light,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// How many pixels it is wide and high.
    pub(crate) side: i32,
    /// Its pixels, line by line: red, green, blue and alpha.
    pub(crate) rgba: Vec<u8>,
}

macro_rules! pictures {
    ($name:literal) => {
        [
            include_bytes!(concat!("../../../icons/tray/", $name, "-16.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-20.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-22.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-24.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-28.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-32.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-40.png")),
            include_bytes!(concat!("../../../icons/tray/", $name, "-48.png")),
        ]
    };
}

/// The picture of a state in every size, the smallest first.
pub(crate) fn of(icon: Icon, panel: Panel) -> Vec<Picture> {
    let files: [&[u8]; 8] = match (icon, panel) {
        (Icon::Well, Panel::Dark) => pictures!("well-dark"),
        (Icon::Well, Panel::Light) => pictures!("well-light"),
        (Icon::Suspect, Panel::Dark) => pictures!("suspect-dark"),
        (Icon::Suspect, Panel::Light) => pictures!("suspect-light"),
        (Icon::Down, Panel::Dark) => pictures!("down-dark"),
        (Icon::Down, Panel::Light) => pictures!("down-light"),
        (Icon::Paused, Panel::Dark) => pictures!("paused-dark"),
        (Icon::Paused, Panel::Light) => pictures!("paused-light"),
        (Icon::Offline, Panel::Dark) => pictures!("offline-dark"),
        (Icon::Offline, Panel::Light) => pictures!("offline-light"),
        (Icon::Gone, Panel::Dark) => pictures!("gone-dark"),
        (Icon::Gone, Panel::Light) => pictures!("gone-light"),
    };
    // The test reads every one of them.
    files.into_iter().filter_map(|file| decode(file).ok()).collect()
}

/// Of `pictures`, the smallest first, the one that fits a place of so many pixels: one that is as large, or the next larger,
/// which loses less by being made smaller than a small one by being made larger.
#[cfg(any(windows, test))]
pub(crate) fn fitting(pictures: Vec<Picture>, side: i32) -> Option<Picture> {
    let mut pictures = pictures.into_iter().peekable();
    while let Some(picture) = pictures.next() {
        if picture.side >= side || pictures.peek().is_none() {
            return Some(picture);
        }
    }
    None
}

fn decode(file: &[u8]) -> Result<Picture, png::DecodingError> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info()?;
    let mut rgba = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let info = reader.next_frame(&mut rgba)?;
    Ok(Picture { side: i32::try_from(info.width).unwrap_or_default(), rgba })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ICONS: [Icon; 6] = [Icon::Well, Icon::Paused, Icon::Suspect, Icon::Offline, Icon::Down, Icon::Gone];

    #[test]
    fn every_state_has_its_own_picture_in_every_size_for_both_panels() {
        let mut all = BTreeSet::new();
        for icon in ICONS {
            for panel in [Panel::Dark, Panel::Light] {
                let pictures = of(icon, panel);
                assert_eq!(
                    pictures.iter().map(|picture| picture.side).collect::<Vec<_>>(),
                    [16, 20, 22, 24, 28, 32, 40, 48]
                );
                for Picture { side, rgba } in pictures {
                    assert_eq!(i32::try_from(rgba.len()), Ok(side * side * 4));
                    assert!(all.insert(rgba), "{icon:?} {panel:?} {side}");
                }
            }
        }
    }

    #[test]
    fn the_picture_is_as_large_as_its_place_or_a_bit_larger() {
        let check = |side: i32, chosen: i32| {
            let picture = fitting(of(Icon::Well, Panel::Dark), side);
            assert_eq!(picture.map(|picture| picture.side), Some(chosen), "{side}");
        };
        check(0, 16);
        check(16, 16);
        check(20, 20);
        check(21, 22);
        check(36, 40);
        check(64, 48);
        assert_eq!(fitting(Vec::new(), 16), None);
    }

    /// Told apart without colour: on a quarter of the pixels that any of the two covers, at least.
    #[test]
    fn the_shapes_of_the_states_differ() {
        let shape = |icon: Icon| -> Vec<bool> {
            of(icon, Panel::Dark)[0].rgba.as_chunks::<4>().0.iter().map(|pixel| is_bright(*pixel)).collect()
        };
        for one in ICONS {
            for other in ICONS.into_iter().filter(|other| *other > one) {
                let pixels = || shape(one).into_iter().zip(shape(other));
                let covered = pixels().filter(|(a, b)| *a || *b).count();
                let differ = pixels().filter(|(a, b)| a != b).count();
                assert!(differ * 4 >= covered, "{one:?} {other:?}: {differ} of {covered}");
            }
        }
    }

    fn is_bright([red, green, blue, alpha]: [u8; 4]) -> bool {
        alpha > 127 && u32::from(red) + u32::from(green) + u32::from(blue) > 200
    }
}
