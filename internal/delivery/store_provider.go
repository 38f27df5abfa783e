package delivery

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"banlang/internal/db"
	"banlang/internal/fault"
)

const providerColumns = "id, connector, channel, name, mode, settings, secrets, per_second, burst, most, cost, inside, revision"

type providerRow struct {
	Provider
	settings, secrets string
}

func (r *providerRow) fields() []any {
	return []any{&r.ID, &r.Connector, &r.Channel, &r.Name, &r.Mode, &r.settings, &r.secrets, &r.Rate, &r.Burst, &r.Window, &r.Cost, &r.Inner, &r.Revision}
}

func (r providerRow) read() (p Provider, sealed map[string]string, err error) {
	p = r.Provider
	if err = json.Unmarshal([]byte(r.settings), &p.Settings); err == nil {
		err = json.Unmarshal([]byte(r.secrets), &sealed)
	}
	p.Kept = slices.Sorted(maps.Keys(sealed))
	return p, sealed, err
}

func (s store) provider(ctx context.Context, id string) (Provider, map[string]string, error) {
	r, err := db.One(ctx, s.c, (*providerRow).fields, "SELECT "+providerColumns+" FROM delivery_provider WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Provider{}, nil, fault.New(fault.NotFound, "delivery.provider.none")
	}
	if err != nil {
		return Provider{}, nil, err
	}
	return r.read()
}

func (s store) providers(ctx context.Context) ([]Provider, error) {
	rows, err := db.All(ctx, s.c, (*providerRow).fields, "SELECT "+providerColumns+" FROM delivery_provider ORDER BY channel, id LIMIT 200")
	if err != nil {
		return nil, err
	}
	all := make([]Provider, len(rows))
	for i, r := range rows {
		if all[i], _, err = r.read(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// putSecrets changes the secrets alone: the connection stays open.
func (s store) putSecrets(ctx context.Context, id string, sealed map[string]string) error {
	secrets, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, s.c, "UPDATE delivery_provider SET secrets = $2 WHERE id = $1", id, string(secrets))
	return err
}

func (s store) putProvider(ctx context.Context, at time.Time, p Provider, sealed map[string]string) error {
	settings, err := json.Marshal(p.Settings)
	if err != nil {
		return err
	}
	secrets, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, s.c, `INSERT INTO delivery_provider (`+providerColumns+`, changed) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, mode = excluded.mode, settings = excluded.settings, secrets = excluded.secrets,
		per_second = excluded.per_second, burst = excluded.burst, most = excluded.most, cost = excluded.cost, inside = excluded.inside,
		revision = excluded.revision, changed = excluded.changed`,
		p.ID, p.Connector, p.Channel, p.Name, p.Mode, string(settings), string(secrets), p.Rate, p.Burst, p.Window, p.Cost, p.Inner, p.Revision, db.Millis(at))
	return err
}
