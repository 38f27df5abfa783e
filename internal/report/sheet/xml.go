package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// What a part of a workbook is made of.
const (
	end   token = iota // of the part
	open               // <name ...>
	close              // </name>, also after <name/>
	words              // what stands between
)

type token uint8

const (
	maxDepth = 64      // elements within elements; a workbook has fewer than ten
	maxToken = 1 << 18 // bytes of one tag or text; Excel ends a cell at 32,767 characters
)

// A scanner takes a part of a workbook apart, token by token, in one window of memory. It knows as much of XML as workbooks
// use: a document type, and so an entity of somebody's own, is refused. It is here because a workbook of a million cells must be
// read within five seconds, and encoding/xml alone takes longer.
type scanner struct {
	r      io.Reader
	window []byte
	at     int // start of what is not yet read
	full   int // end of what is
	eof    bool
	depth  int
	ended  bool   // the element that was opened last is <name/>
	whole  []byte // name of the element; until the next call, as are the others
	name   []byte // without its prefix
	attrs  []byte
	text   []byte // decoded
	heap   []byte // where text is decoded
}

func newScanner(r io.Reader) *scanner { return &scanner{r: r, window: make([]byte, 1<<16)} }

// find gives the place of what ends a token, reading on until it comes.
func (s *scanner) find(from int, what []byte) (int, error) {
	for {
		if i := bytes.Index(s.window[s.at+from:s.full], what); i >= 0 {
			return from + i, nil
		}
		from = max(from, s.full-s.at-len(what)+1)
		if err := s.more(); err != nil {
			return 0, err
		}
	}
}

// more reads on: the window is moved to what is not yet read, and grown where that fills it.
func (s *scanner) more() error {
	if s.eof {
		return io.ErrUnexpectedEOF
	}
	if s.at > 0 {
		copy(s.window, s.window[s.at:s.full])
		s.full -= s.at
		s.at = 0
	}
	if s.full == len(s.window) {
		if s.full >= maxToken {
			return errDamaged
		}
		s.window = append(s.window, make([]byte, len(s.window))...)
	}
	for range 100 {
		n, err := s.r.Read(s.window[s.full:])
		s.full += n
		if err == io.EOF {
			s.eof = true
			if n > 0 {
				return nil
			}
			return io.ErrUnexpectedEOF
		}
		if n > 0 || err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// next gives the next token. Comments and instructions are passed over.
func (s *scanner) next() (token, error) {
	if s.ended {
		s.ended = false
		s.depth--
		return close, nil
	}
	for {
		if s.at == s.full {
			if err := s.more(); err != nil {
				if errors.Is(err, io.ErrUnexpectedEOF) && s.depth == 0 {
					return end, nil
				}
				return end, err
			}
		}
		if s.window[s.at] != '<' {
			if t, err := s.between(); t != end || err != nil {
				return t, err
			}
			continue
		}
		t, skipped, err := s.tag()
		if err != nil || !skipped {
			return t, err
		}
	}
}

// between reads a text up to the next tag. What is only white space before or after the document is nothing.
func (s *scanner) between() (token, error) {
	n, err := s.find(0, []byte{'<'})
	if errors.Is(err, io.ErrUnexpectedEOF) && s.depth == 0 {
		n = s.full - s.at
	} else if err != nil {
		return end, err
	}
	raw := s.window[s.at : s.at+n]
	s.at += n
	if s.depth == 0 {
		if len(bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff")))) > 0 {
			return end, errDamaged
		}
		return end, nil
	}
	s.text, err = s.decode(raw)
	return words, err
}

func (s *scanner) tag() (t token, skipped bool, err error) {
	for s.full-s.at < 4 { // <a/> and <!-- differ within four bytes
		if err := s.more(); err != nil {
			return end, false, err
		}
	}
	switch head := s.window[s.at : s.at+4]; {
	case head[1] == '?':
		return end, true, s.pass("?>")
	case head[1] == '!' && head[2] == '-':
		return end, true, s.pass("-->")
	case head[1] == '!' && head[2] == '[':
		n, err := s.find(0, []byte("]]>"))
		if err != nil || n < 9 || s.depth == 0 {
			return end, false, errDamaged
		}
		s.text = s.window[s.at+9 : s.at+n]
		s.at += n + 3
		return words, false, nil
	case head[1] == '!':
		return end, false, errDamaged
	}
	n, err := s.tagEnd()
	if err != nil {
		return end, false, err
	}
	body := s.window[s.at+1 : s.at+n]
	s.at += n + 1
	if len(body) == 0 {
		return end, false, errDamaged
	}
	if body[0] == '/' {
		s.depth--
		if s.depth < 0 {
			return end, false, errDamaged
		}
		s.name = local(bytes.TrimRight(body[1:], " \t\r\n"))
		return close, false, nil
	}
	if body[len(body)-1] == '/' {
		s.ended = true
		body = body[:len(body)-1]
	}
	s.depth++
	if s.depth > maxDepth {
		return end, false, errDamaged
	}
	name, attrs := body, []byte(nil)
	if i := bytes.IndexAny(body, " \t\r\n"); i >= 0 {
		name, attrs = body[:i], body[i:]
	}
	s.whole, s.name, s.attrs = name, local(name), attrs
	return open, false, nil
}

// tagEnd gives the place of the > that ends a tag, which is not one within quotes.
func (s *scanner) tagEnd() (int, error) {
	quote := byte(0)
	for i := 1; ; i++ {
		if s.at+i == s.full {
			if err := s.more(); err != nil {
				return 0, err
			}
		}
		switch c := s.window[s.at+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		}
	}
}

func (s *scanner) pass(what string) error {
	n, err := s.find(0, []byte(what))
	s.at += n + len(what)
	return err
}

func local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// attr is an attribute of the element just opened, by its whole name, as it is written: names and numbers have no entities.
func (s *scanner) attr(name string) []byte {
	rest := s.attrs
	for {
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			return nil
		}
		key := bytes.TrimSpace(rest[:eq])
		rest = bytes.TrimLeft(rest[eq+1:], " \t\r\n")
		if len(rest) == 0 {
			return nil
		}
		stop := bytes.IndexByte(rest[1:], rest[0])
		if stop < 0 {
			return nil
		}
		if string(key) == name {
			return rest[1 : stop+1]
		}
		rest = rest[stop+2:]
	}
}

// said is an attribute that people wrote: its entities are decoded.
func (s *scanner) said(name string) string {
	text, err := s.decode(s.attr(name))
	if err != nil {
		return ""
	}
	return string(text)
}

// decode puts the signs in place of their entities.
func (s *scanner) decode(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, '&') < 0 {
		return raw, nil
	}
	s.heap = s.heap[:0]
	for {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			s.heap = append(s.heap, raw...)
			return s.heap, nil
		}
		s.heap = append(s.heap, raw[:i]...)
		raw = raw[i+1:]
		stop := bytes.IndexByte(raw, ';')
		if stop <= 0 || stop > 10 {
			return nil, errDamaged
		}
		name := string(raw[:stop])
		raw = raw[stop+1:]
		switch name {
		case "lt":
			s.heap = append(s.heap, '<')
		case "gt":
			s.heap = append(s.heap, '>')
		case "amp":
			s.heap = append(s.heap, '&')
		case "quot":
			s.heap = append(s.heap, '"')
		case "apos":
			s.heap = append(s.heap, '\'')
		default:
			r, ok := entity(name)
			if !ok {
				return nil, errDamaged
			}
			s.heap = utf8.AppendRune(s.heap, r)
		}
	}
}

// entity reads #10 and #xA0.
func entity(name string) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune
}
