package store

import (
	"database/sql"
	"fmt"
	"net/url"
)

// metaRehearsal is the key in the table meta of what [NoteRehearsal] keeps.
const metaRehearsal = "rehearsal_json"

// NoteRehearsal keeps in a run file that is complete what the lab knew of the
// run, as JSON.
func NoteRehearsal(path, text string) error {
	err := func() error {
		dsn, err := address(path, url.Values{"mode": {"rw"}, "_busy_timeout": {"2000"}})
		if err != nil {
			return err
		}
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", metaRehearsal, text)
		return err
	}()
	if err != nil {
		return fmt.Errorf("write run file %s: %w", path, fault(err))
	}
	return nil
}
