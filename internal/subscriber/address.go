package subscriber

import (
	"encoding/hex"
	"net/mail"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"banlang/internal/fault"
	"banlang/internal/privacy"
)

const longestAddress = 2000 // letters; a browser's push address is the longest

// normal is an address as it is kept, whichever way it was written: a number as +84…, an e-mail address in small letters.
func normal(ch Channel, address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", fault.Field("address", "subscriber.address.required")
	}
	if len(address) > longestAddress {
		return "", fault.Field("address", "subscriber.address.unreadable")
	}
	switch ch {
	case Zalo:
		if accountNumber.MatchString(address) {
			return address, nil
		}
		return mobile(address)
	case SMS, Call:
		return mobile(address)
	case Email:
		a, err := mail.ParseAddress(address)
		if err != nil || !strings.Contains(a.Address, ".") {
			return "", fault.Field("address", "subscriber.email.unreadable")
		}
		return strings.ToLower(a.Address), nil
	case Push:
		return address, nil
	case Telegram:
		if !chatNumber.MatchString(address) {
			return "", fault.Field("address", "subscriber.telegram.unreadable")
		}
		return address, nil
	}
	return "", fault.Field("channel", "subscriber.channel.unknown")
}

// accountNumber is the number by which an Official Account of Zalo knows who follows it: longer than any phone's (E.164 has 15 digits).
var accountNumber = regexp.MustCompile(`^[0-9]{16,20}$`)

// chatNumber is the number of a private chat of Telegram, of 52 bits at most. Those of groups are negative: a group is not a person.
var chatNumber = regexp.MustCompile(`^[1-9][0-9]{0,15}$`)

// mobile reads a Vietnamese mobile number, or one of another country written with its code.
func mobile(text string) (string, error) {
	n, err := phonenumbers.Parse(text, "VN")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", fault.Field("address", "subscriber.phone.unreadable")
	}
	if kind := phonenumbers.GetNumberType(n); kind != phonenumbers.MOBILE && kind != phonenumbers.FIXED_LINE_OR_MOBILE {
		return "", fault.Field("address", "subscriber.phone.fixed")
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// hash finds an address again without keeping it.
func (d *Desk) hash(ch Channel, address string) string {
	return hex.EncodeToString(d.keeper.Mac("subscriber", string(ch), address)[:16])
}

// A Sealed is the address of an endpoint, as the table keeps it.
type Sealed struct{ Endpoint, Box string }

// Open gives the address in plain, for the moment of sending.
func (s Sealed) Open(k *privacy.Keeper) (string, error) { return k.Unwrap(bound(s.Endpoint), s.Box) }

// Seal closes the address of an endpoint.
func Seal(k *privacy.Keeper, endpoint, address string) Sealed {
	return Sealed{endpoint, k.Wrap(bound(endpoint), address)}
}

// Address closes an address that somebody typed for an endpoint that is kept nowhere; a fault of the field "address" says what is wrong
// with it.
func Address(k *privacy.Keeper, endpoint string, ch Channel, typed string) (Sealed, error) {
	address, err := normal(ch, typed)
	return Seal(k, endpoint, address), err
}

func bound(endpoint string) string { return "endpoint/" + endpoint }
