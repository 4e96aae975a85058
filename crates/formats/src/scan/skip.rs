//! Values that nobody wants: checked, not read. No recursion; the kinds of the open brackets are bits of one word.

use super::error::SyntaxError;
use super::scanner::{DEPTH_MAX, Scanner};
use super::text;

/// The brackets that are open inside the skipped value; bit set = object.
struct Open {
    objects: u128,
    depth: u32,
}

impl Open {
    fn push(&mut self, object: bool) {
        self.objects = self.objects << 1 | u128::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

impl<'a> Scanner<'a> {
    /// Passes any value and gives its bytes.
    #[inline]
    pub(crate) fn skip(&mut self) -> Result<&'a [u8], SyntaxError> {
        match self.peek() {
            b'"' => {
                let start = self.at;
                self.at = text::span(self.bytes, start + 1)?.end + 1;
                Ok(self.since(start))
            }
            b'-' | b'0'..=b'9' => self.number().map(|number| number.text),
            b'n' => {
                let start = self.at;
                if self.eat(b"null") { Ok(self.since(start)) } else { Err(self.error("a value")) }
            }
            _ => self.skip_any(),
        }
    }

    fn skip_any(&mut self) -> Result<&'a [u8], SyntaxError> {
        let start = self.at;
        let mut open = Open { objects: 0, depth: 0 };
        loop {
            if self.skip_start(&mut open)? {
                continue;
            }
            loop {
                if open.depth == 0 {
                    return Ok(self.since(start));
                }
                let object = open.in_object();
                match self.peek() {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(self.error(if object { "',' or '}'" } else { "',' or ']'" })),
                }
                self.at += 1;
                open.pop();
            }
        }
    }

    /// Passes a scalar or an opening bracket (with the first key of an object); true if a value must follow.
    #[inline]
    fn skip_start(&mut self, open: &mut Open) -> Result<bool, SyntaxError> {
        let byte = self.peek();
        match byte {
            b'"' => self.at = text::span(self.bytes, self.at + 1)?.end + 1,
            b'-' | b'0'..=b'9' => {
                self.number()?;
            }
            b'{' | b'[' => {
                if self.depth + open.depth == DEPTH_MAX {
                    return Err(self.error("at most 127 nested arrays and objects"));
                }
                self.at += 1;
                let object = byte == b'{';
                if self.peek() == if object { b'}' } else { b']' } {
                    self.at += 1;
                    return Ok(false);
                }
                open.push(object);
                if object {
                    self.skip_key()?;
                }
                return Ok(true);
            }
            b'n' if self.eat(b"null") => {}
            b't' if self.eat(b"true") => {}
            b'f' if self.eat(b"false") => {}
            _ => return Err(self.error("a value")),
        }
        Ok(false)
    }

    #[inline]
    fn skip_key(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != b'"' {
            return Err(self.error("a key"));
        }
        self.at = text::span(self.bytes, self.at + 1)?.end + 1;
        self.colon()
    }
}
