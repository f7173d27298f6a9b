//! Programs that a valet starts.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Shutdown, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

use crate::{
    valet::VARIABLE,
    wire::{Order, Told},
};

/// Whom to ask, as the environment says.
pub(crate) struct Asked {
    address: String,
    token: String,
    /// The folder in which each drive is called by its letter and a colon.
    drives: String,
}

/// A program that a valet has started. It ends with this value.
pub(crate) struct There(TcpStream);

/// The valet, if there is one.
pub(crate) fn whom_to_ask() -> Option<Asked> {
    Asked::read(&env::var(VARIABLE).ok()?)
}

impl Asked {
    /// What stands in the variable.
    pub(crate) fn read(said: &str) -> Option<Self> {
        let mut words = said.splitn(3, ' ').map(str::to_owned);
        Some(Self { address: words.next()?, token: words.next()?, drives: words.next()? })
    }

    /// The path `text` as it is called outside.
    pub(crate) fn finds(&self, text: &str) -> String {
        let text = text.strip_prefix(r"\\?\").unwrap_or(text);
        match text.split_once(':') {
            Some((drive, rest)) if drive.len() == 1 => {
                format!("{}/{}:{}", self.drives, drive.to_lowercase(), rest.replace('\\', "/"))
            }
            _ => text.to_owned(),
        }
    }
}

/// Has the valet start it; what it says comes by the channel, its end last.
pub(crate) fn start(valet: &Asked, order: &Order) -> io::Result<(There, Receiver<Told>)> {
    let mut stream = TcpStream::connect(&valet.address)?;
    let order = Order { token: valet.token.clone(), ..order.clone() };
    stream.write_all((serde_json::to_string(&order)? + "\n").as_bytes())?;
    let mut all = BufReader::new(stream.try_clone()?).lines().map(|line| -> io::Result<Told> {
        let line = line?;
        Ok(serde_json::from_str(&line)?)
    });
    match all.next().transpose()? {
        Some(Told::Started) => {}
        Some(Told::CannotStart(error)) => return Err(io::Error::other(error)),
        _ => return Err(io::Error::other("the valet does not answer")),
    }
    let (tell, told) = channel();
    thread::spawn(move || {
        for said in all.map_while(Result::ok) {
            let is_end = matches!(said, Told::Ended(_));
            if tell.send(said).is_err() || is_end {
                break;
            }
        }
    });
    Ok((There(stream), told))
}

impl Drop for There {
    fn drop(&mut self) {
        // The valet may have hung up itself.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_by_its_drive() {
        let valet = Asked { address: String::new(), token: String::new(), drives: "/p/dosdevices".to_owned() };
        assert_eq!(valet.finds(r"C:\users\me\a b.pem"), "/p/dosdevices/c:/users/me/a b.pem");
        assert_eq!(valet.finds(r"\\?\Z:\tmp\x"), "/p/dosdevices/z:/tmp/x");
        assert_eq!(valet.finds("/srv/x:y/z"), "/srv/x:y/z");
    }
}
