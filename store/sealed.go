package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"crk/app/secret"
)

// A sealedColumn is one that holds sealed values. Whoever adds one to the schema
// adds it here, where the rotation of the key and the check of a database find
// it; a test holds the two together.
type sealedColumn struct {
	purpose       string
	table, column string
	id            string                  // SQL: what tells the rows of the table apart
	row           string                  // SQL: what the value was sealed with; id where empty
	name          func(row string) string // makes the sealed name of row; itself where nil
	where         string                  // SQL: which rows; all where empty
}

func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{purpose: "setting", table: "settings", column: "value", id: "name", where: "name LIKE '%.sealed'"},
		{purpose: sealedProvider, table: "providers", column: "secret", id: "id"},
		{purpose: sealedDiscord, table: "discord_webhooks", column: "token", id: "id"},
		{purpose: sealedWebhook, table: "webhook_secrets", column: "secret", id: "id"},
		{purpose: sealedAIServer, table: "ai_servers", column: "key", id: "business_id || '/' || task"},
		{purpose: sealedTOTP, table: "users", column: "totp", id: "id"},
		{purpose: "erasure", table: "erasures", column: "phone", id: "id"},
		{purpose: "idempotency", table: "idempotency", column: "body", id: "rowid", row: "key_id || '/' || key", where: "body IS NOT NULL",
			name: func(row string) string {
				id, key, _ := strings.Cut(row, "/")
				return answerName(id, key)
			}},
	}
}

// A sealedValue is one value with what it was sealed with.
type sealedValue struct {
	id    any
	name  string
	value []byte
}

// list returns the query of all values of a column.
func (c sealedColumn) list() string {
	row, where := c.row, c.where
	if row == "" {
		row = c.id
	}
	if where == "" {
		where = c.column + " IS NOT NULL AND length(" + c.column + ") > 0"
	}
	return `SELECT ` + c.id + `, ` + row + `, ` + c.column + ` FROM ` + c.table + ` WHERE ` + where
}

func (c sealedColumn) scan(row scanner) (v sealedValue, err error) {
	err = row.Scan(&v.id, &v.name, &v.value)
	if c.name != nil {
		v.name = c.name(v.name)
	}
	return v, err
}

// Reseal opens every sealed value with the store's box and seals it with
// another, all or none. Afterwards the store can no longer be used but to be
// closed: it still has the old box.
func (s *Store) Reseal(ctx context.Context, to *secret.Box) (values int, err error) {
	err = s.write(ctx, func(t *tx) error {
		for _, c := range sealedColumns() {
			rows, err := t.query(c.list())
			all, err := collect(rows, err, c.scan)
			if err != nil {
				return fmt.Errorf("store: seal %s anew: %w", c.table, err)
			}
			for _, v := range all {
				plain, err := s.box.Open(c.purpose, v.name, v.value)
				if err != nil {
					return fmt.Errorf("store: seal %s anew: %w", c.table, err)
				}
				sealed, err := to.Seal(c.purpose, v.name, plain)
				if err != nil {
					return fmt.Errorf("store: seal %s anew: %w", c.table, err)
				}
				if err := t.exec(`UPDATE `+c.table+` SET `+c.column+` = ? WHERE `+c.id+` = ?`, sealed, v.id); err != nil {
					return fmt.Errorf("store: seal %s anew: %w", c.table, err)
				}
				values++
			}
		}
		return nil
	})
	return values, err
}

// opens counts the sealed values of a column that a box opens, and those that it
// does not. A table that an older database has not is none.
func (c sealedColumn) opens(ctx context.Context, db *sql.DB, box *secret.Box) (yes, no int, err error) {
	var there bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pragma_table_info(?) WHERE name = ?)`, c.table, c.column).Scan(&there)
	if err != nil || !there {
		return 0, 0, err
	}
	rows, err := db.QueryContext(ctx, c.list())
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := c.scan(rows)
		if err != nil {
			return yes, no, err
		}
		switch _, err := box.Open(c.purpose, v.name, v.value); {
		case err == nil:
			yes++
		case errors.Is(err, secret.ErrKey), errors.Is(err, secret.ErrMismatch), errors.Is(err, secret.ErrDamaged):
			no++
		default:
			return yes, no, err
		}
	}
	return yes, no, rows.Err()
}
