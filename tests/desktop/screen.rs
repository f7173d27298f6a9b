//! What is on a display, as Xvfb writes it into a file (XWD, X11/XWDFile.h).

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::BufWriter,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

/// A display.
pub(crate) struct Screen(PathBuf);

/// A part of a display, as it was.
#[derive(Clone, PartialEq)]
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<Colour>,
}

/// Where the pixels begin in the file, and how many there are.
struct Layout {
    begin: u64,
    line: usize,
    width: usize,
    height: usize,
}

impl Screen {
    /// The one that Xvfb writes into `folder`.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.join("Xvfb_screen0"))
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Picture {
        let height = self.layout().height;
        self.lines(0..height)
    }

    /// Some of its lines.
    pub(crate) fn lines(&self, lines: Range<usize>) -> Picture {
        let Layout { begin, line, width, .. } = self.layout();
        let mut bytes = vec![0; lines.len() * line];
        File::open(&self.0).unwrap().read_exact_at(&mut bytes, begin + (lines.start * line) as u64).unwrap();
        let colours = bytes.chunks_exact(line).flat_map(|line| line.chunks_exact(4).take(width));
        Picture { width, pixels: colours.map(|it| [it[2], it[1], it[0]]).collect() }
    }

    fn layout(&self) -> Layout {
        let mut head = [0; 100];
        File::open(&self.0).unwrap().read_exact_at(&mut head, 0).unwrap();
        let field = |number: usize| u32::from_be_bytes(head[number * 4..][..4].try_into().unwrap()) as usize;
        let [size, width, height, depth, line, colours] = [0, 4, 5, 11, 12, 19].map(field);
        assert_eq!(depth, 32, "bits of a pixel");
        Layout { begin: (size + colours * 12) as u64, line, width, height }
    }
}

impl Picture {
    /// How many of its pixels are so.
    pub(crate) fn count(&self, is_so: impl Fn(Colour) -> bool) -> usize {
        self.pixels.iter().filter(|colour| is_so(**colour)).count()
    }

    /// How many colours it has.
    pub(crate) fn colours(&self) -> usize {
        self.pixels.iter().collect::<BTreeSet<_>>().len()
    }

    /// Keeps it as PNG.
    pub(crate) fn save(&self, file: &Path) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let (width, height) = (self.width.try_into().unwrap(), (self.pixels.len() / self.width).try_into().unwrap());
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(file).unwrap()), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(self.pixels.as_flattened()).unwrap();
    }
}
