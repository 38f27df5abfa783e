package ethnic

import (
	"context"
	"fmt"
	"strings"

	"banlang/internal/db"
	"banlang/internal/search"
)

// publish makes the groups findable, once for each revision of the catalogue. Names that are never shown are left out, since
// search shows what it found: by them a group is found on the page of groups.
func (d *Desk) publish(ctx context.Context) error {
	state := fmt.Sprintf("1.%d", d.current.Load().revision)
	was, err := db.Values[string](ctx, d.db, "SELECT digest FROM ethnic_list WHERE name = 'search'")
	if err != nil || len(was) == 1 && was[0] == state {
		return err
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		for _, g := range d.Groups() {
			if err := search.Put(ctx, tx, d.entry(g)); err != nil {
				return err
			}
		}
		_, err := db.Exec(ctx, tx, "INSERT INTO ethnic_list (name, digest, loaded) VALUES ('search', $1, $2) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, loaded = excluded.loaded",
			state, db.Millis(d.now()))
		return err
	})
}

// entry is what search knows of a group.
func (d *Desk) entry(g Group) search.Entry {
	body := []string{g.Note, "Tên khác: " + strings.Join(g.Aliases, ", ") + ".", "Tên trong danh mục: " + g.Name1979 + ", " + g.Name2008 + ", " + g.NameEN + "."}
	if len(g.Aliases) == 0 {
		body = append(body[:1], body[2])
	}
	for _, tag := range g.Languages {
		if l, err := d.Language(tag); err == nil {
			body = append(body, l.Name+".")
		}
	}
	return search.Entry{ID: "group/" + string(g.Slug), Kind: "group", Title: "Dân tộc " + g.Name, Heading: g.Family, Body: strings.Join(body, "\n\n"), Lang: "vi",
		URL: "/dan-toc/" + string(g.Slug), Facets: map[string][]string{"kind": {"group"}, "group": {string(g.Slug)}}}
}
