//! HTTP/2 for one call that stays: what an agent that attends needs of RFC 9113, and no more.
//!
//! The usual libraries keep 33 KB of buffers for a connection, which an agent never fills, beside 5 KB of what they know of it. Here
//! it is some hundred bytes, and a heartbeat takes half the time. Only those who have shown a certificate of ours get as far as this; whatever they send, there is a bound
//! on what is kept of it, and what is not as it should be ends the connection.
//!
//! It reads and writes nothing itself: it is told what came, and says what is to be sent.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tonic::Status;

use super::codec::LONGEST;

/// What every connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The head of a frame: its length, its kind, its flags, its stream.
const HEAD: usize = 9;
/// No frame is longer, as nobody said otherwise (section 4.2).
const LONGEST_FRAME: usize = 16 * 1024;
/// The same of the headers of a request, in all their frames.
const LONGEST_HEADERS: usize = 8 * 1024;
const LONGEST_HEADERS_SAID: u32 = 8 * 1024;
/// What may be on its way to somebody who has not said otherwise (section 6.9.2).
const WINDOW: i64 = 65_535;
/// What has come is acknowledged when it is so much.
const ACKNOWLEDGED_AT: usize = 32 * 1024;
/// So much waits to be sent; whoever takes none of it is gone.
const LONGEST_WAITING: usize = 64 * 1024;
/// The head of a message of gRPC: whether it is compressed, and its length.
const MESSAGE_HEAD: usize = 5;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

const INITIAL_WINDOW_SIZE: u16 = 4;
const REFUSED_STREAM: u32 = 7;

/// What we say of us: a table of headers is not kept, there is one stream, and how long headers may be (section 6.5.2).
const OUR_SETTINGS: [(u16, u32); 3] = [(1, 0), (3, 1), (6, LONGEST_HEADERS_SAID)];
/// `:status: 200` and `content-type: application/grpc`, by the table of RFC 7541, appendix A, and not compressed.
const OK: &[u8] = b"\x88\x0f\x10\x10application/grpc";

/// What does not stand as it is in the message of a status of gRPC, beside what is not ASCII.
const NOT_AS_IT_IS: &AsciiSet = &CONTROLS.add(b'%');

/// A connection with one call.
#[derive(Debug)]
pub(crate) struct Http2 {
    /// What has come of a frame that is not whole.
    partial: Vec<u8>,
    is_opened: bool,
    call: Call,
    /// What has come of the headers of the call, while they are not whole.
    headers: Option<Headers>,
    /// What has come of a message that is not whole.
    message: Vec<u8>,
    /// What has come and is not acknowledged.
    unacknowledged: usize,
    /// What may be sent: over the connection, over the call, and over a call at its begin.
    windows: Windows,
    waiting: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    None,
    /// It was asked for, and nothing was answered.
    Asked {
        stream: u32,
    },
    Answered {
        stream: u32,
    },
    Over {
        stream: u32,
    },
}

#[derive(Debug)]
struct Headers {
    stream: u32,
    flags: u8,
    block: Vec<u8>,
}

#[derive(Debug)]
struct Windows {
    connection: i64,
    call: i64,
    initial: i64,
}

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A call, with its headers as they are encoded.
    Call(Vec<u8>),
    /// A message of the call.
    Message(Vec<u8>),
    /// The other side has nothing more to say.
    End,
}

/// Why a connection is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Default for Http2 {
    fn default() -> Self {
        let mut this = Self {
            partial: Vec::new(),
            is_opened: false,
            call: Call::None,
            headers: None,
            message: Vec::new(),
            unacknowledged: 0,
            windows: Windows { connection: WINDOW, call: WINDOW, initial: WINDOW },
            waiting: Vec::new(),
        };
        let settings = OUR_SETTINGS.map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat());
        this.frame(SETTINGS, 0, 0, &settings.concat());
        this
    }
}

impl Http2 {
    /// Takes what has come; `hear` hears what it is.
    ///
    /// # Errors
    /// It is not what it should be: there is nothing more to be said.
    pub(crate) fn take(&mut self, bytes: &[u8], hear: &mut impl FnMut(Came)) -> Result<(), Broken> {
        if self.partial.is_empty() {
            let taken = self.take_whole(bytes, hear)?;
            self.partial = bytes[taken..].to_vec();
        } else {
            let mut all = std::mem::take(&mut self.partial);
            all.extend_from_slice(bytes);
            let taken = self.take_whole(&all, hear)?;
            // Where all of it is taken, no room is kept for it.
            if taken < all.len() {
                all.drain(..taken);
                self.partial = all;
            }
        }
        if self.waiting.len() > LONGEST_WAITING { Err(Broken) } else { Ok(()) }
    }

    /// Takes what is whole; how many bytes that was.
    fn take_whole(&mut self, bytes: &[u8], hear: &mut impl FnMut(Came)) -> Result<usize, Broken> {
        let mut rest = bytes;
        if !self.is_opened {
            let known = rest.len().min(PREFACE.len());
            if rest[..known] != PREFACE[..known] {
                return Err(Broken);
            }
            if known == PREFACE.len() {
                self.is_opened = true;
                rest = &rest[known..];
            }
        }
        while self.is_opened
            && let Some((head, behind)) = rest.split_first_chunk::<HEAD>()
        {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            if length > LONGEST_FRAME {
                return Err(Broken);
            }
            let Some((payload, behind)) = behind.split_at_checked(length) else { break };
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & (u32::MAX >> 1);
            self.take_frame(head[3], head[4], stream, payload, hear)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    fn take_frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        hear: &mut impl FnMut(Came),
    ) -> Result<(), Broken> {
        // Nothing comes between the parts of headers (section 6.10).
        if self.headers.is_some() != (kind == CONTINUATION) {
            return Err(Broken);
        }
        match kind {
            DATA => self.take_data(flags, stream, payload, hear),
            HEADERS if stream % 2 == 1 => {
                self.headers = Some(Headers { stream, flags, block: Vec::new() });
                self.take_headers(flags, stream, unpadded(flags, payload)?, hear)
            }
            CONTINUATION => self.take_headers(flags, stream, payload, hear),
            RST_STREAM if self.is_call(stream) => {
                hear(Came::End);
                Ok(())
            }
            SETTINGS if flags & ACK == 0 => self.take_settings(stream, payload),
            PING if stream == 0 && payload.len() == 8 => {
                if flags & ACK == 0 {
                    self.frame(PING, ACK, 0, payload);
                }
                Ok(())
            }
            WINDOW_UPDATE => self.take_window(stream, payload),
            HEADERS | PUSH_PROMISE | PING => Err(Broken),
            // What we have said ourselves is acknowledged, the call is over, somebody wants to go, or is from the future.
            _ => Ok(()),
        }
    }

    fn take_headers(&mut self, flags: u8, stream: u32, part: &[u8], hear: &mut impl FnMut(Came)) -> Result<(), Broken> {
        let Some(headers) = self.headers.as_mut().filter(|headers| headers.stream == stream) else {
            return Err(Broken);
        };
        headers.block.extend_from_slice(part);
        if headers.block.len() > LONGEST_HEADERS {
            return Err(Broken);
        }
        if flags & END_HEADERS == 0 {
            return Ok(());
        }
        let Some(Headers { flags, block, .. }) = self.headers.take() else { return Err(Broken) };
        if self.call == Call::None {
            self.call = Call::Asked { stream };
            self.windows.call = self.windows.initial;
            hear(Came::Call(block));
        } else if !self.is_call(stream) {
            self.frame(RST_STREAM, 0, stream, &REFUSED_STREAM.to_be_bytes());
            return Ok(());
        }
        if flags & END_STREAM != 0 {
            hear(Came::End);
        }
        Ok(())
    }

    fn take_data(&mut self, flags: u8, stream: u32, payload: &[u8], hear: &mut impl FnMut(Came)) -> Result<(), Broken> {
        self.unacknowledged += payload.len();
        if self.unacknowledged >= ACKNOWLEDGED_AT {
            self.acknowledge();
        }
        if !self.is_call(stream) {
            // It was on its way when its call was refused.
            return if self.call == Call::None { Err(Broken) } else { Ok(()) };
        }
        self.message.extend_from_slice(unpadded(flags, payload)?);
        let mut messages = std::mem::take(&mut self.message);
        let mut rest = messages.as_slice();
        while let Some((head, behind)) = rest.split_first_chunk::<MESSAGE_HEAD>() {
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            // Nobody has said that we understand what is compressed.
            if head[0] != 0 || length > LONGEST {
                return Err(Broken);
            }
            let Some((message, behind)) = behind.split_at_checked(length) else { break };
            hear(Came::Message(message.to_vec()));
            rest = behind;
        }
        if !rest.is_empty() {
            messages.drain(..messages.len() - rest.len());
            self.message = messages;
        }
        if flags & END_STREAM != 0 {
            hear(Came::End);
        }
        Ok(())
    }

    fn acknowledge(&mut self) {
        let bytes = u32::try_from(std::mem::take(&mut self.unacknowledged)).unwrap_or_default().to_be_bytes();
        self.frame(WINDOW_UPDATE, 0, 0, &bytes);
        if let Call::Asked { stream } | Call::Answered { stream } = self.call {
            self.frame(WINDOW_UPDATE, 0, stream, &bytes);
        }
    }

    fn take_settings(&mut self, stream: u32, payload: &[u8]) -> Result<(), Broken> {
        let (settings, rest) = payload.as_chunks::<6>();
        if stream != 0 || !rest.is_empty() {
            return Err(Broken);
        }
        for [name @ .., a, b, c, d] in settings {
            let value = i64::from(u32::from_be_bytes([*a, *b, *c, *d]));
            if *name == INITIAL_WINDOW_SIZE.to_be_bytes() {
                self.windows.call += value - self.windows.initial;
                self.windows.initial = value;
            }
        }
        self.frame(SETTINGS, ACK, 0, &[]);
        Ok(())
    }

    fn take_window(&mut self, stream: u32, payload: &[u8]) -> Result<(), Broken> {
        let bytes: [u8; 4] = payload.try_into().map_err(|_| Broken)?;
        let more = i64::from(u32::from_be_bytes(bytes) & (u32::MAX >> 1));
        let window = match stream {
            0 => &mut self.windows.connection,
            stream if self.is_call(stream) => &mut self.windows.call,
            _ => return Ok(()),
        };
        *window += more;
        // Section 6.9.1.
        if more == 0 || *window > i64::from(u32::MAX >> 1) { Err(Broken) } else { Ok(()) }
    }

    /// Whether a message of `length` may be sent now.
    pub(crate) fn has_room(&self, length: usize) -> bool {
        i64::try_from(length + MESSAGE_HEAD).is_ok_and(|bytes| bytes <= self.windows.connection.min(self.windows.call))
    }

    /// Answers the call with a message, for which there is room.
    pub(crate) fn send(&mut self, message: &[u8]) {
        if let Call::Asked { stream } = self.call {
            self.frame(HEADERS, END_HEADERS, stream, OK);
            self.call = Call::Answered { stream };
        }
        let Call::Answered { stream } = self.call else { return };
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let data = [&[0][..], &length.to_be_bytes(), message].concat();
        let sent = i64::try_from(data.len()).unwrap_or(i64::MAX);
        self.windows.connection -= sent;
        self.windows.call -= sent;
        self.frame(DATA, 0, stream, &data);
    }

    /// Ends the call, and says that there will be no other.
    pub(crate) fn end(&mut self, why: &Status) {
        let (stream, mut block) = match self.call {
            Call::Asked { stream } => (stream, OK.to_vec()),
            Call::Answered { stream } => (stream, Vec::new()),
            Call::None | Call::Over { .. } => return,
        };
        literal(&mut block, b"grpc-status", (why.code() as i32).to_string().as_bytes());
        let message = utf8_percent_encode(why.message(), NOT_AS_IT_IS).to_string();
        literal(&mut block, b"grpc-message", message.as_bytes());
        self.frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        self.frame(RST_STREAM, 0, stream, &[0; 4]);
        self.frame(GOAWAY, 0, 0, &[stream.to_be_bytes(), [0; 4]].concat());
        self.call = Call::Over { stream };
    }

    /// Asks the other side whether it is there.
    pub(crate) fn ping(&mut self) {
        self.frame(PING, 0, 0, b"estatus?");
    }

    /// What is to be sent, from which whatever was sent is taken.
    pub(crate) fn waiting(&mut self) -> &mut Vec<u8> {
        &mut self.waiting
    }

    fn is_call(&self, stream: u32) -> bool {
        match self.call {
            Call::None => false,
            Call::Asked { stream: call } | Call::Answered { stream: call } | Call::Over { stream: call } => {
                call == stream
            }
        }
    }

    /// What we send is short.
    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.waiting.extend_from_slice(&length[1..]);
        self.waiting.extend_from_slice(&[kind, flags]);
        self.waiting.extend_from_slice(&stream.to_be_bytes());
        self.waiting.extend_from_slice(payload);
    }
}

/// What lies between the length of the padding and the padding.
fn unpadded(flags: u8, payload: &[u8]) -> Result<&[u8], Broken> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let (padding, rest) = payload.split_first().ok_or(Broken)?;
    let length = rest.len().checked_sub(usize::from(*padding)).ok_or(Broken)?;
    Ok(&rest[..length])
}

/// A header that is in no table, and is put in none (RFC 7541, section 6.2.2).
fn literal(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    for text in [name, value] {
        length(block, text.len());
        block.extend_from_slice(text);
    }
}

/// The length of what is not compressed (RFC 7541, section 5.1, with a prefix of 7 bits).
fn length(block: &mut Vec<u8>, length: usize) {
    const PREFIX: usize = 127;
    if length < PREFIX {
        return block.push(length as u8);
    }
    block.push(PREFIX as u8);
    let mut rest = length - PREFIX;
    while rest >= 128 {
        block.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    block.push(rest as u8);
}

#[cfg(test)]
mod tests;
