// Package smpp speaks SMPP 3.4 (Short Message Peer to Peer Protocol Specification v3.4, Issue 1.2): the PDUs that sending and
// receiving short messages takes, a client, and a centre for tests and measurements. It knows nothing of what is sent.
package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Command is the identifier of a PDU (section 5.1.2.1).
type Command uint32

// The commands that are understood; an answer has the highest bit.
const (
	GenericNack     Command = 0x80000000
	BindReceiver    Command = 0x00000001
	BindTransmitter Command = 0x00000002
	QuerySM         Command = 0x00000003
	SubmitSM        Command = 0x00000004
	DeliverSM       Command = 0x00000005
	Unbind          Command = 0x00000006
	BindTransceiver Command = 0x00000009
	EnquireLink     Command = 0x00000015

	answer Command = 0x80000000
)

// A Status is what an answer says (section 5.1.3).
type Status uint32

// The statuses that lead to a decision.
const (
	OK              Status = 0x00
	InvalidCommand  Status = 0x03
	AlreadyBound    Status = 0x05
	SystemError     Status = 0x08
	InvalidSource   Status = 0x0a
	InvalidDest     Status = 0x0b
	BindFailed      Status = 0x0d
	InvalidPassword Status = 0x0e
	InvalidSystemID Status = 0x0f
	QueueFull       Status = 0x14
	SubmitFailed    Status = 0x45
	Throttled       Status = 0x58
	DeliveryFailure Status = 0xfe
	UnknownError    Status = 0xff
)

// Passing reports whether the same may be tried again later.
func (s Status) Passing() bool {
	switch s {
	case Throttled, QueueFull, SystemError, UnknownError:
		return true
	}
	return false
}

func (s Status) String() string { return fmt.Sprintf("0x%08x", uint32(s)) }

// Tags of optional parameters (section 5.3.2).
const (
	TagReceiptedID     uint16 = 0x001e
	TagMessageState    uint16 = 0x0427
	TagPayload         uint16 = 0x0424
	TagUserMessageRef  uint16 = 0x0204
	TagSegmentRef      uint16 = 0x020c
	TagSegments        uint16 = 0x020e
	TagSegmentSequence uint16 = 0x020f
)

// A PDU is one protocol data unit, its body as octets.
type PDU struct {
	Command  Command
	Status   Status
	Sequence uint32
	Body     []byte
}

// largest is the most octets of a PDU: a message of 64 kB as payload, and its header.
const largest = 70_000

const header = 16

var errLength = errors.New("smpp: a PDU of an impossible length")

// ReadPDU reads one PDU. It allocates no more than the PDU says, and refuses one that says too much.
func ReadPDU(r io.Reader) (PDU, error) {
	var h [header]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return PDU{}, err
	}
	n := binary.BigEndian.Uint32(h[:])
	if n < header || n > largest {
		return PDU{}, errLength
	}
	p := PDU{Command: Command(binary.BigEndian.Uint32(h[4:])), Status: Status(binary.BigEndian.Uint32(h[8:])), Sequence: binary.BigEndian.Uint32(h[12:])}
	if n > header {
		p.Body = make([]byte, n-header)
		if _, err := io.ReadFull(r, p.Body); err != nil {
			return PDU{}, err
		}
	}
	return p, nil
}

// Append writes a PDU behind b.
func (p PDU) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(header+len(p.Body)))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Command))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Status))
	b = binary.BigEndian.AppendUint32(b, p.Sequence)
	return append(b, p.Body...)
}

// reply is the answer to a PDU.
func (p PDU) reply(s Status, body []byte) PDU {
	return PDU{Command: p.Command | answer, Status: s, Sequence: p.Sequence, Body: body}
}

// An Address is where a message comes from or goes to, with its type of number and numbering plan (sections 5.2.5, 5.2.6).
type Address struct {
	TON, NPI byte
	Number   string
}

// A Message is the body of submit_sm and deliver_sm (sections 4.4, 4.6).
type Message struct {
	Service    string
	From, To   Address
	ESM        byte   // esm_class: 0x40 a header stands before the text, 0x04 a receipt
	Receipt    byte   // registered_delivery: 1 asks for a receipt
	Coding     byte   // data_coding: 0 the default alphabet, 8 UCS-2
	Validity   string // validity_period, empty: as the centre likes
	Text       []byte // short_message, or message_payload where it is longer than 254
	Parameters map[uint16][]byte
}

// What ESM and Coding say.
const (
	HeaderIn      byte = 0x40
	ReceiptIn     byte = 0x04
	DefaultLetter byte = 0x00
	ASCII         byte = 0x01
	Latin1        byte = 0x03
	UCS2          byte = 0x08
)

const longestText = 254

// body writes a message as octets.
func (m Message) body() []byte {
	b := cstring(nil, m.Service)
	b = append(b, m.From.TON, m.From.NPI)
	b = cstring(b, m.From.Number)
	b = append(b, m.To.TON, m.To.NPI)
	b = cstring(b, m.To.Number)
	b = append(b, m.ESM, 0, 0)               // protocol_id, priority_flag
	b = cstring(cstring(b, ""), m.Validity)  // schedule_delivery_time
	b = append(b, m.Receipt, 0, m.Coding, 0) // replace_if_present_flag, sm_default_msg_id
	if len(m.Text) > longestText {
		b = append(b, 0)
		b = parameter(b, TagPayload, m.Text)
	} else {
		b = append(append(b, byte(len(m.Text))), m.Text...)
	}
	for tag, v := range m.Parameters {
		b = parameter(b, tag, v)
	}
	return b
}

func cstring(b []byte, s string) []byte { return append(append(b, s...), 0) }

func parameter(b []byte, tag uint16, v []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, tag)
	b = binary.BigEndian.AppendUint16(b, uint16(len(v)))
	return append(b, v...)
}

// Submit makes a submit_sm of a message.
func (m Message) Submit() PDU { return PDU{Command: SubmitSM, Body: m.body()} }

// Deliver makes a deliver_sm of a message.
func (m Message) Deliver() PDU { return PDU{Command: DeliverSM, Body: m.body()} }

var errShort = errors.New("smpp: a PDU ends too early")

// A reader takes a body apart; once something is missing, everything after it is empty.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) octet() byte {
	if len(r.rest) == 0 {
		r.short = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) octets(n int) []byte {
	if n > len(r.rest) {
		r.short = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) cstring() string {
	i := bytes.IndexByte(r.rest, 0)
	if i < 0 {
		r.short = true
		return ""
	}
	s := string(r.rest[:i])
	r.rest = r.rest[i+1:]
	return s
}

func (r *reader) parameters() map[uint16][]byte {
	all := map[uint16][]byte{}
	for len(r.rest) > 0 && !r.short {
		tag := r.octets(2)
		size := r.octets(2)
		if r.short {
			break
		}
		all[binary.BigEndian.Uint16(tag)] = r.octets(int(binary.BigEndian.Uint16(size)))
	}
	return all
}

func (r *reader) err() error {
	if r.short {
		return errShort
	}
	return nil
}

// ReadMessage takes the body of a submit_sm or deliver_sm apart.
func ReadMessage(body []byte) (Message, error) {
	r := reader{rest: body}
	m := Message{Service: r.cstring()}
	m.From = Address{r.octet(), r.octet(), r.cstring()}
	m.To = Address{r.octet(), r.octet(), r.cstring()}
	m.ESM = r.octet()
	r.octets(2)
	r.cstring()
	m.Validity = r.cstring()
	m.Receipt = r.octet()
	r.octet()
	m.Coding = r.octet()
	r.octet()
	m.Text = r.octets(int(r.octet()))
	m.Parameters = r.parameters()
	if payload, ok := m.Parameters[TagPayload]; ok {
		m.Text = payload
		delete(m.Parameters, TagPayload)
	}
	return m, r.err()
}

// A Bind is the body of a bind (section 4.1).
type Bind struct {
	SystemID, Password, SystemType string
}

func (b Bind) body() []byte {
	body := cstring(cstring(cstring(nil, b.SystemID), b.Password), b.SystemType)
	return cstring(append(body, 0x34, 0, 0), "") // interface_version, addr_ton, addr_npi, address_range
}

func readBind(body []byte) (Bind, error) {
	r := reader{rest: body}
	b := Bind{r.cstring(), r.cstring(), r.cstring()}
	return b, r.err()
}

// readID reads the message_id of an answer. An answer without a body has none.
func readID(body []byte) string {
	r := reader{rest: body}
	return r.cstring()
}

// A Part says which of how many parts of a longer message a text is: the header that stands before it (3GPP TS 23.040, 9.2.3.24.1 and
// 9.2.3.24.8), or the optional parameters sar_… (sections 5.3.2.22 to 5.3.2.24).
type Part struct {
	Reference  uint16
	Of, Number byte
}

// Header writes it with a reference of eight bits.
func (p Part) Header() []byte { return []byte{5, 0, 3, byte(p.Reference), p.Of, p.Number} }

// ReadPart takes the header off a text; ok is false where there is none of this kind.
func (m Message) ReadPart() (p Part, text []byte, ok bool) {
	reference, of, number := m.Parameters[TagSegmentRef], m.Parameters[TagSegments], m.Parameters[TagSegmentSequence]
	if len(reference) == 2 && len(of) == 1 && len(number) == 1 {
		return Part{binary.BigEndian.Uint16(reference), of[0], number[0]}, m.Text, true
	}
	if m.ESM&HeaderIn == 0 || len(m.Text) == 0 || int(m.Text[0])+1 > len(m.Text) {
		return Part{}, m.Text, false
	}
	head, text := m.Text[1:1+int(m.Text[0])], m.Text[1+int(m.Text[0]):]
	for len(head) >= 2 && len(head) >= 2+int(head[1]) {
		if head[0] == 0 && head[1] == 3 {
			return Part{uint16(head[2]), head[3], head[4]}, text, true
		}
		if head[0] == 8 && head[1] == 4 {
			return Part{binary.BigEndian.Uint16(head[2:]), head[4], head[5]}, text, true
		}
		head = head[2+int(head[1]):]
	}
	return Part{}, text, false
}
