package subscriber

import (
	"context"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/place"
)

const columns = "id, place, village, heard, read, topics, demo, made"

type row struct {
	Subscriber
	heard, read, topics string
	made                int64
}

func (r *row) fields() []any {
	return []any{&r.ID, &r.Place, &r.Village, &r.heard, &r.read, &r.topics, &r.Demo, &r.made}
}

func (r row) subscriber() Subscriber {
	s := r.Subscriber
	s.Heard, s.Read, s.Topics, s.Made = strings.Fields(r.heard), strings.Fields(r.read), strings.Fields(r.topics), db.Time(r.made)
	return s
}

// values are those of columns.
func (s Subscriber) values() []any {
	topics := ""
	if len(s.Topics) > 0 {
		topics = " " + strings.Join(s.Topics, " ") + " "
	}
	return []any{s.ID, s.Place, s.Village, strings.Join(s.Heard, " "), strings.Join(s.Read, " "), topics, s.Demo, db.Millis(s.Made)}
}

// An entry is an endpoint with what is not told about it.
type entry struct {
	Endpoint
	subscriber ID
	hash, box  string
	changed    int64
}

const endpointColumns = "id, subscriber, channel, hash, address, state, changed"

func (e *entry) fields() []any {
	return []any{&e.ID, &e.subscriber, &e.Channel, &e.hash, &e.box, &e.State, &e.changed}
}

func (e entry) values() []any {
	return []any{e.ID, e.subscriber, e.Channel, e.hash, e.box, e.State, e.changed}
}

// byHash finds the endpoint of an address; a fault of kind NotFound says that it never was one.
func byHash(ctx context.Context, c db.Conn, ch Channel, hash string) (entry, error) {
	return db.One(ctx, c, (*entry).fields, "SELECT "+endpointColumns+" FROM subscriber_endpoint WHERE channel = $1 AND hash = $2", ch, hash)
}

func endpointByID(ctx context.Context, c db.Conn, id string) (entry, error) {
	return db.One(ctx, c, (*entry).fields, "SELECT "+endpointColumns+" FROM subscriber_endpoint WHERE id = $1", id)
}

func byID(ctx context.Context, c db.Conn, id ID) (Subscriber, error) {
	r, err := db.One(ctx, c, (*row).fields, "SELECT "+columns+" FROM subscriber WHERE id = $1", id)
	return r.subscriber(), err
}

func putSubscriber(ctx context.Context, c db.Conn, s Subscriber) error {
	_, err := db.Exec(ctx, c, "INSERT INTO subscriber ("+columns+") VALUES ($1,$2,$3,$4,$5,$6,$7,$8)", s.values()...)
	return err
}

// putEndpoint writes an endpoint, or what changed of it.
func putEndpoint(ctx context.Context, c db.Conn, e entry) error {
	_, err := db.Exec(ctx, c, "INSERT INTO subscriber_endpoint ("+endpointColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (id) DO UPDATE SET
		subscriber = excluded.subscriber, address = excluded.address, state = excluded.state, changed = excluded.changed`, e.values()...)
	return err
}

// end takes the address away and says why nothing is sent there any more.
func end(ctx context.Context, c db.Conn, at time.Time, endpoint string, s State) error {
	if _, err := db.Exec(ctx, c, "DELETE FROM subscriber_code WHERE endpoint = $1", endpoint); err != nil {
		return err
	}
	_, err := db.Exec(ctx, c, "UPDATE subscriber_endpoint SET state = $2, address = '', changed = $3 WHERE id = $1", endpoint, s, db.Millis(at))
	return err
}

// standing is the condition that an endpoint may be sent to: the person is there and has agreed, and has not taken it back.
const standing = ` e.state = 'active' AND EXISTS (SELECT 1 FROM privacy_consent c WHERE c.subject = 'subscriber/' || e.subscriber
	AND c.purpose = '` + Purpose + `' AND c.withdrawn = 0)`

// Reachable chooses subscribers.
type Reachable struct {
	Area  place.ID // the commune, or what it lies in
	Topic string   // empty, or not among those of the catalogue: whoever is there
	Demo  bool     // those made up, and no others
}

// Reach lists subscribers who may be sent to, in the order of their identifiers, after the one named, n at most.
func Reach(ctx context.Context, c db.Conn, f Reachable, after ID, n int) ([]Person, error) {
	const list = `SELECT s.id, s.place, s.village, s.heard, s.read, s.topics, s.demo, s.made, e.id, e.channel, e.state
		FROM (SELECT s.* FROM subscriber s WHERE s.id > $1 AND s.demo = $2 AND EXISTS (SELECT 1 FROM place_within p WHERE p.area = $3 AND p.place = s.place)
			AND ($4 = '' OR s.topics = '' OR s.topics LIKE '% ' || $4 || ' %')
			AND EXISTS (SELECT 1 FROM subscriber_endpoint e WHERE e.subscriber = s.id AND` + standing + `) ORDER BY s.id LIMIT $5) s
		JOIN subscriber_endpoint e ON e.subscriber = s.id AND e.state = 'active' ORDER BY s.id, e.id`
	return persons(ctx, c, list, after, f.Demo, f.Area, f.Topic, n)
}

// persons puts the endpoints of each subscriber together.
func persons(ctx context.Context, c db.Conn, list string, args ...any) ([]Person, error) {
	type found struct {
		row
		Endpoint
	}
	var all []Person
	err := db.Each(ctx, c, func(f *found) []any { return append(f.row.fields(), &f.Endpoint.ID, &f.Channel, &f.State) }, func(f found) error {
		if len(all) == 0 || all[len(all)-1].ID != f.row.ID {
			all = append(all, Person{Subscriber: f.subscriber()})
		}
		last := &all[len(all)-1]
		last.Endpoints = append(last.Endpoints, f.Endpoint)
		return nil
	}, list, args...)
	return all, err
}

// Addresses gives the sealed addresses of those endpoints that may be sent to at this moment.
func Addresses(ctx context.Context, c db.Conn, endpoints []string) (map[string]Sealed, error) {
	all := make(map[string]Sealed, len(endpoints))
	for len(endpoints) > 0 {
		n := min(500, len(endpoints))
		var w db.Where
		w.In("e.id", endpoints[:n]...)
		err := db.Each(ctx, c, func(s *Sealed) []any { return []any{&s.Endpoint, &s.Box} }, func(s Sealed) error { all[s.Endpoint] = s; return nil },
			"SELECT e.id, e.address FROM subscriber_endpoint e"+w.SQL()+" AND"+standing, w.Args()...)
		if err != nil {
			return nil, err
		}
		endpoints = endpoints[n:]
	}
	return all, nil
}

// MarkGone says that the network knows nobody at an endpoint any more.
func MarkGone(ctx context.Context, tx *db.Tx, at time.Time, endpoint string) error {
	return end(ctx, tx, at, endpoint, Gone)
}

// OfEndpoint is the subscriber to whom an endpoint belongs.
func (d *Desk) OfEndpoint(ctx context.Context, endpoint string) (Subscriber, error) {
	e, err := endpointByID(ctx, d.db, endpoint)
	if err != nil {
		return Subscriber{}, err
	}
	return byID(ctx, d.db, e.subscriber)
}

// Named gives subscribers who may be sent to, in the order of their identifiers.
func Named(ctx context.Context, c db.Conn, ids []ID) ([]Person, error) {
	var w db.Where
	db.In(&w, "s.id", ids)
	return persons(ctx, c, `SELECT s.id, s.place, s.village, s.heard, s.read, s.topics, s.demo, s.made, e.id, e.channel, e.state FROM subscriber s
		JOIN subscriber_endpoint e ON e.subscriber = s.id`+w.SQL()+` AND`+standing+` ORDER BY s.id, e.id`, w.Args()...)
}
