package subscriber

import (
	"fmt"
	"strings"
	"testing"

	"banlang/internal/db"
)

// canary looks for what must stand in no table in plain: not in the subscribers' own, not among the agreements, not in the record of acts.
func canary(t *testing.T, d *db.DB, hidden ...string) {
	t.Helper()
	for table, columns := range map[string]string{
		"subscriber": columns, "subscriber_endpoint": endpointColumns, "subscriber_code": "endpoint, wish, subscriber, hash",
		"privacy_consent": "id, subject, purpose, wording, version, lang, sound, manner, witness, withdrawn_by",
		"audit":           "actor, session, second, act, thing, place, before, after, reason, note",
		"once":            "key, result",
	} {
		parts := strings.Split(columns, ", ")
		for i, p := range parts {
			parts[i] = "cast(" + p + " as text)"
		}
		all, err := db.Values[string](t.Context(), d, "SELECT "+strings.Join(parts, " || ' ' || ")+" FROM "+table)
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		for _, row := range all {
			for _, h := range hidden {
				if strings.Contains(strings.ToLower(row), h) {
					t.Errorf("%s stands in table %s: %s", h, table, fmt.Sprintf("%.200s", row))
				}
			}
		}
	}
}
