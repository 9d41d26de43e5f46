//! The protocol of Redis as a client reads and writes it: frames of RESP2 and RESP3, and a connection that asks one
//! question at a time. What a frame means is not known here.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Deepest nesting that is read.
const DEEPEST: u32 = 16;
/// Longest string, and most elements of an array, that are read.
const LONGEST: usize = 512 << 20;

/// A unit of the protocol. Verbatim strings are texts, sets and maps are arrays (of a map: names and values in turn).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// `+`, `$`, `=`, `,`, `(`
    Text(Vec<u8>),
    /// `-`
    Error(String),
    /// `:`, `#`
    Int(i64),
    /// `$-1`, `*-1`, `_`
    Nil,
    /// `*`, `~`, `%`
    Array(Vec<Frame>),
    /// `>`
    Push(Vec<Frame>),
}

impl Frame {
    /// Its text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Frame::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// Its number, also where it is written as text.
    pub fn number(&self) -> Option<i64> {
        match self {
            Frame::Int(n) => Some(*n),
            frame => frame.text()?.parse().ok(),
        }
    }

    /// Its elements, if it has any.
    pub fn elements(&self) -> Option<&[Frame]> {
        match self {
            Frame::Array(elements) | Frame::Push(elements) => Some(elements),
            _ => None,
        }
    }

    /// The value behind a name, in a flat list of names and values.
    pub fn field(&self, name: &str) -> Option<&str> {
        let pairs = self.elements()?.chunks_exact(2);
        pairs.filter(|pair| pair[0].text() == Some(name)).find_map(|pair| pair[1].text())
    }
}

/// Reads one frame.
///
/// # Errors
/// The stream's, end of stream included; `InvalidData` for what is no frame.
pub fn read(from: &mut impl BufRead) -> io::Result<Frame> {
    nested(from, 0)
}

fn nested(from: &mut impl BufRead, depth: u32) -> io::Result<Frame> {
    if depth > DEEPEST {
        return Err(wrong("nested too deeply"));
    }
    let line = line(from)?;
    let (kind, rest) = line.split_first().ok_or_else(|| wrong("an empty line"))?;
    let text = || String::from_utf8_lossy(rest).into_owned();
    let count = || -> io::Result<Option<usize>> {
        let n: i64 = text().parse().map_err(|_| wrong("a length that is no number"))?;
        match usize::try_from(n) {
            Ok(n) if n <= LONGEST => Ok(Some(n)),
            Ok(_) => Err(wrong("too long")),
            Err(_) => Ok(None),
        }
    };
    let mut elements = |n: usize| (0..n).map(|_| nested(from, depth + 1)).collect::<io::Result<Vec<Frame>>>();
    Ok(match kind {
        b'+' | b',' | b'(' => Frame::Text(rest.to_vec()),
        b'-' => Frame::Error(text()),
        b':' => Frame::Int(text().parse().map_err(|_| wrong("an integer that is none"))?),
        b'#' => Frame::Int(i64::from(rest == b"t")),
        b'_' => Frame::Nil,
        b'*' | b'~' => count()?.map_or(Ok(Frame::Nil), |n| elements(n).map(Frame::Array))?,
        b'%' => count()?.map_or(Ok(Frame::Nil), |n| elements(n * 2).map(Frame::Array))?,
        b'>' => count()?.map_or(Ok(Frame::Nil), |n| elements(n).map(Frame::Push))?,
        b'$' | b'=' | b'!' => match count()? {
            None => Frame::Nil,
            Some(n) => {
                let mut bytes = vec![0; n + 2];
                from.read_exact(&mut bytes)?;
                bytes.truncate(n);
                match kind {
                    b'=' => Frame::Text(bytes.split_off(4.min(n))),
                    b'!' => Frame::Error(String::from_utf8_lossy(&bytes).into_owned()),
                    _ => Frame::Text(bytes),
                }
            }
        },
        _ => return Err(wrong("an unknown kind of frame")),
    })
}

fn line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(64 << 10).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\r\n") {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.len() - 2);
    Ok(line)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not the protocol of Redis: {what}"))
}

/// A command as it goes over the wire.
pub fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// A connection that asks one question at a time.
#[derive(Debug)]
pub struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects; each answer may take as long as connecting may.
    ///
    /// # Errors
    /// If it is refused, or takes too long.
    pub fn open(to: SocketAddr, patience: Duration) -> io::Result<Connection> {
        let stream = TcpStream::connect_timeout(&to, patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Connection { reader: BufReader::new(stream) })
    }

    /// Answers may take so long from now on; without a limit, for ever.
    ///
    /// # Errors
    /// If the socket refuses.
    pub fn set_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        self.reader.get_ref().set_read_timeout(patience)
    }

    /// Sends a command and does not wait.
    ///
    /// # Errors
    /// The stream's.
    pub fn send(&mut self, words: &[&str]) -> io::Result<()> {
        self.reader.get_mut().write_all(&command(words))
    }

    /// Reads what comes next.
    ///
    /// # Errors
    /// The stream's.
    pub fn next(&mut self) -> io::Result<Frame> {
        read(&mut self.reader)
    }

    /// Sends a command and reads its answer.
    ///
    /// # Errors
    /// The stream's; an error reply is an answer.
    pub fn ask(&mut self, words: &[&str]) -> io::Result<Frame> {
        self.send(words)?;
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: &[u8]) -> io::Result<Frame> {
        read(&mut &bytes[..])
    }

    fn text(of: &str) -> Frame {
        Frame::Text(of.as_bytes().to_vec())
    }

    #[test]
    fn frames_of_both_versions_are_read() {
        assert_eq!(frame(b"+OK\r\n").unwrap(), text("OK"));
        assert_eq!(frame(b"$-1\r\n").unwrap(), Frame::Nil);
        assert_eq!(frame(b"_\r\n").unwrap(), Frame::Nil);
        assert_eq!(frame(b"*2\r\n:-3\r\n$2\r\na\n\r\n").unwrap(), Frame::Array(vec![Frame::Int(-3), text("a\n")]));
        assert_eq!(frame(b"%1\r\n+a\r\n+b\r\n").unwrap().field("a"), Some("b"));
        assert_eq!(frame(b"=7\r\ntxt:abc\r\n").unwrap(), text("abc"));
        assert_eq!(frame(b">1\r\n+message\r\n").unwrap(), Frame::Push(vec![text("message")]));
        assert_eq!(frame(b"-LOADING Redis\r\n").unwrap(), Frame::Error("LOADING Redis".to_owned()));
    }

    #[test]
    fn what_is_no_frame_is_an_error_and_never_a_panic() {
        for bytes in [&b""[..], b"+OK", b"$5\r\nab\r\n", b"*1\r\n", b"?\r\n", b"$x\r\n", b"\r\n", b"$99999999999\r\n"] {
            assert!(frame(bytes).is_err(), "{bytes:?}");
        }
        assert!(frame("*1\r\n".repeat(100).as_bytes()).is_err());
    }

    #[test]
    fn a_command_is_an_array_of_strings() {
        assert_eq!(command(&["GET", "x0"]), b"*2\r\n$3\r\nGET\r\n$2\r\nx0\r\n");
    }
}
